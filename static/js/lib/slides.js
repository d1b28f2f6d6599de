/** @import { ImageJson, Slide } from '../types.js' */

import { formatCount } from './format.js';

/** Places on both sides of the image shown that may be laid out already. */
const LAID_OUT = [-3, -2, -1, 1, 2, 3];

/** @param {ImageJson} image */
export function altOf(image) {
  return image.alt || image.description || 'Photo without a description';
}

/**
 * @param {ImageJson} image
 * @param {HTMLImageElement | null} thumbnail  what the grid shows of it, if it does
 * @returns {Slide}
 */
export function slideOf(image, thumbnail) {
  const { url, srcset, width, height } = image.variants.full;
  return {
    src: url,
    srcset,
    width,
    height,
    alt: altOf(image),
    msrc: thumbnail?.complete ? thumbnail.currentSrc : '',
    color: image.color,
  };
}

/**
 * Where the viewer stands once its list has changed: on the image it showed; if that is gone on the one that followed
 * it, else on the one before.
 *
 * @param {ImageJson[]} before
 * @param {ImageJson[]} after
 * @param {string} shown  the id of the image it showed
 * @returns {number} an index in `after`; -1 when none of those is left
 */
export function placeAfter(before, after, shown) {
  const index = new Map(after.map(({ id }, at) => [id, at]));
  const at = before.findIndex(({ id }) => id === shown);
  const candidates = [...before.slice(at), ...before.slice(0, at).reverse()];
  const found = candidates.find(({ id }) => index.has(id));
  return found ? (index.get(found.id) ?? -1) : -1;
}

/**
 * Whether a place in one list and a place in another have the same images on both sides, as far as these are laid out.
 *
 * @param {{ images: ImageJson[], place: number }} before
 * @param {{ images: ImageJson[], place: number }} after
 */
export function isSameAround(before, after) {
  const at = (/** @type {typeof before} */ { images, place }, /** @type {number} */ offset) => {
    const image = images[place + offset];
    return image && `${image.variants.full.url} ${altOf(image)}`;
  };
  return LAID_OUT.every((offset) => at(before, offset) === at(after, offset));
}

/**
 * `4 of 45`, `4 of 1000+`.
 *
 * @param {number} index  from 0
 * @param {{ images: ImageJson[], total: number, capped: boolean }} list
 */
export function countOf(index, { images, total, capped }) {
  const all = Math.max(total, images.length);
  return `${index + 1} of ${formatCount(all)}${capped ? '+' : ''}`;
}

/**
 * Where an image opens from: the place of its thumbnail, if that can be seen.
 *
 * @param {HTMLImageElement | null} thumbnail
 */
export function boundsInSight(thumbnail) {
  const { left, top, right, bottom, width } = thumbnail?.getBoundingClientRect() ?? new DOMRect();
  const isInSight = width > 0 && bottom > 0 && right > 0 && top < innerHeight && left < innerWidth;
  return isInSight ? { x: left, y: top, w: width } : undefined;
}

/**
 * The room that bar and arrows keep free around an image. It stands in the middle, unless there is little height.
 *
 * @param {{ x: number, y: number }} stage  width and height in pixels
 */
export function paddingFor({ x, y }) {
  const edge = x < 600 ? 58 : 64;
  const side = x < 600 ? 0 : 72;
  return { top: edge, bottom: y < 560 ? 12 : edge, left: side, right: side };
}
