/** @import { ImageJson } from '../types.js' */

import { formatBytes, formatMoment } from './format.js';
import { nameOf } from './stores.js';

/** @type {Record<string, string>} */
const FORMATS = { jpeg: 'JPEG', png: 'PNG', gif: 'GIF', webp: 'WebP', avif: 'AVIF', heic: 'HEIC', tiff: 'TIFF' };

/**
 * What is known of an image, for people: pairs of a word and what is to say.
 *
 * @param {ImageJson} image
 * @returns {[string, string][]}
 */
export function factsOf(image) {
  const { width, height, bytes, format } = image;
  /** @type {[string, string][]} */
  const facts = [
    ['Added', formatMoment(image.created_at)],
    ['Taken', image.taken_at ? formatMoment(image.taken_at) : ''],
    ['Size', `${width} × ${height}, ${formatBytes(bytes)}`],
    ['Format', FORMATS[format] ?? format],
    ['Camera', cameraOf(image)],
    ['Kept in', placeOf(image)],
    ['Location', 'removed from what is shown'],
  ];
  return facts.filter(([, said]) => said !== '');
}

/** @param {ImageJson} image */
function placeOf({ store, moving_to }) {
  const place = nameOf(store);
  return moving_to ? `${place}, on its way to ${nameOf(moving_to)}` : place;
}

/** @param {ImageJson} image */
function cameraOf({ camera }) {
  return [camera?.model, camera?.lens, camera?.exposure].filter(Boolean).join('\n');
}
