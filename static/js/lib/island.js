/** @import { GalleryPage, ImageJson, Variant } from '../types.js' */

import { find } from './dom.js';

/** @typedef {Omit<ImageJson, 'url' | 'variants'> & { variants: { full: Omit<Variant, 'url'> } }} Drawn */

/**
 * What the server knows of the page that it drew. Where cards have said half of it already the island does not say it
 * again: addresses are long.
 *
 * @param {ParentNode} document
 * @returns {GalleryPage}
 */
export function readIsland(document) {
  const page = JSON.parse(find(document, '#gallery-data', HTMLScriptElement).text);
  const images = page.images.map((/** @type {ImageJson | Drawn} */ image) =>
    'url' in image ? image : completed(image, document),
  );
  return { ...page, images };
}

/**
 * @param {Drawn} image
 * @param {ParentNode} document
 * @returns {ImageJson}
 */
function completed(image, document) {
  const { full } = image.variants;
  const url = largestOf(full.srcset);
  const photo = find(document, `image-card[data-id="${image.id}"] img`, HTMLImageElement);
  const card = {
    url: photo.getAttribute('src') ?? '',
    width: photo.width,
    height: photo.height,
    srcset: photo.srcset,
  };
  return { ...image, url, variants: { card, full: { ...full, url } } };
}

/** @param {string} srcset  ascending */
function largestOf(srcset) {
  return srcset.split(', ').at(-1)?.split(' ')[0] ?? '';
}
