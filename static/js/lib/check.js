/** @import { Limits } from '../types.js' */

import { formatBytes } from './format.js';

/** Enough of a file to know what it is. */
const HEAD_BYTES = 32;

/**
 * How files begin. `brand` formats are boxes of ISO media: `ftyp` after four bytes of length, then a brand.
 *
 * @type {readonly { name: string, at: number, bytes: readonly number[] }[]}
 */
const BEGINNINGS = [
  { name: 'JPEG', at: 0, bytes: [0xff, 0xd8, 0xff] },
  { name: 'PNG', at: 0, bytes: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] },
  { name: 'GIF', at: 0, bytes: [0x47, 0x49, 0x46, 0x38] },
  { name: 'WebP', at: 8, bytes: [0x57, 0x45, 0x42, 0x50] },
  { name: 'TIFF', at: 0, bytes: [0x49, 0x49, 0x2a, 0x00] },
  { name: 'TIFF', at: 0, bytes: [0x4d, 0x4d, 0x00, 0x2a] },
  { name: 'TIFF', at: 0, bytes: [0x49, 0x49, 0x2b, 0x00] },
  { name: 'TIFF', at: 0, bytes: [0x4d, 0x4d, 0x00, 0x2b] },
];

const AVIF_BRANDS = ['avif', 'avis'];
const HEIC_BRANDS = ['heic', 'heix', 'heim', 'heis', 'hevc', 'hevx'];

/**
 * The format that these first bytes begin, by its name for people; null if it is none that we know.
 *
 * @param {Uint8Array} head  the first 32 bytes, or all there are
 */
export function sniff(head) {
  const found = BEGINNINGS.find(({ at, bytes }) => bytes.every((byte, index) => head[at + index] === byte));
  if (found) {
    return found.name;
  }
  const letters = String.fromCharCode(...head);
  if (letters.slice(4, 8) !== 'ftyp') {
    return null;
  }
  const brands = letters.slice(8).match(/.{4}/gs) ?? [];
  if (brands.some((brand) => AVIF_BRANDS.includes(brand))) {
    return 'AVIF';
  }
  return brands.some((brand) => HEIC_BRANDS.includes(brand)) ? 'HEIC' : null;
}

/**
 * Why a file need not be sent at all, with its name, the limit and the mend; empty if it may be.
 * The server looks much closer: this only saves a wait for what is plainly hopeless.
 *
 * @param {File} file
 * @param {Limits} limits
 */
export async function refusal(file, { max_upload_bytes, formats }) {
  if (file.size === 0) {
    return `${file.name} is empty. Check the original.`;
  }
  if (file.size > max_upload_bytes) {
    const [size, limit] = [formatBytes(file.size), formatBytes(max_upload_bytes)];
    return `${file.name} is ${size}; at most ${limit} can be added. Save it smaller.`;
  }
  const head = await readHead(file);
  if (!head) {
    return `${file.name} cannot be read. If it is a folder, add the photos in it.`;
  }
  const format = sniff(head);
  if (format && formats.includes(format)) {
    return '';
  }
  const what = format ? `${file.name} is ${format}` : `${file.name} is not an image we can show`;
  return `${what}. ${listed(formats)} can be added.`;
}

/** @param {File} file */
async function readHead(file) {
  try {
    return new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  } catch (error) {
    if (error instanceof DOMException) {
      return null; // moved, changed or a folder: a browser cannot tell which
    }
    throw error;
  }
}

/** @param {readonly string[]} names */
function listed(names) {
  return `${names.slice(0, -1).join(', ')}${names.length > 1 ? ' and ' : ''}${names.at(-1) ?? ''}`;
}
