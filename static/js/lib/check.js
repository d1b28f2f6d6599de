/** @import { Limits } from '../types.js' */

import { formatBytes, formatCount } from './format.js';
import { nameOf } from './stores.js';

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

/** @type {Record<string, string>} */
const CONTENT_TYPES = {
  JPEG: 'image/jpeg',
  PNG: 'image/png',
  GIF: 'image/gif',
  WebP: 'image/webp',
  TIFF: 'image/tiff',
  AVIF: 'image/avif',
  HEIC: 'image/heic',
};

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
 * What a file is by its first bytes: browsers know it by its name alone, and many not that of a HEIC. What they say if
 * it is none that we know.
 *
 * @param {File} file
 */
export async function contentTypeOf(file) {
  const format = sniff((await readHead(file)) ?? new Uint8Array());
  return (format && CONTENT_TYPES[format]) || file.type || 'application/octet-stream';
}

/**
 * Why a file need not be sent at all, with its name, the limit and the mend; empty if it may be.
 * The server looks much closer: this only saves a wait for what is plainly hopeless.
 *
 * @param {File} file
 * @param {Limits} limits
 */
export async function refusal(file, { max_upload_bytes, formats, store }) {
  if (file.size === 0) {
    return `${file.name} is empty. Check the original.`;
  }
  const limits = [
    { limit: store?.max_bytes, by: store?.name },
    { limit: max_upload_bytes, by: '' },
  ];
  const tooLarge = excess(file.size, limits, formatBytes);
  if (tooLarge) {
    return `${file.name} is ${tooLarge}`;
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

/**
 * Why a picture need not be sent, found out when it was looked at; empty if it may be.
 *
 * @param {string} name
 * @param {{ width?: number, height?: number }} size  in pixels, as far as they are known
 * @param {Limits} limits
 */
export function sizeRefusal(name, { width = 0, height = 0 }, { max_pixels, store }) {
  const limits = [
    { limit: store?.max_pixels, by: store?.name },
    { limit: max_pixels, by: '' },
  ];
  const tooMany = excess(width * height, limits, formatMegapixels);
  if (tooMany) {
    return `${name} has ${tooMany}`;
  }
  const tooLong = excess(Math.max(width, height), [{ limit: store?.max_side, by: store?.name }], formatSide);
  return tooLong && `A side of ${name} has ${tooLong}`;
}

/**
 * By how much something is too much, of the tightest limit that it exceeds; empty if it exceeds none.
 *
 * @param {number} amount
 * @param {{ limit?: number | null, by?: string }[]} limits  by: the store whose limit it is; empty: the gallery's own
 * @param {(amount: number) => string} format
 */
function excess(amount, limits, format) {
  const [tightest] = limits
    .flatMap(({ limit, by }) => (limit ? { limit, by } : []))
    .filter(({ limit }) => amount > limit)
    .sort((one, other) => one.limit - other.limit);
  if (!tightest) {
    return '';
  }
  const most = format(tightest.limit);
  const rule = tightest.by ? `${nameOf(tightest.by)} takes at most ${most}` : `at most ${most} can be added`;
  return `${format(amount)}; ${rule}. Save it smaller.`;
}

/** @param {number} pixels */
function formatMegapixels(pixels) {
  return `${formatCount(Math.ceil(pixels / 100_000) / 10)} megapixels`;
}

/** @param {number} pixels */
function formatSide(pixels) {
  return `${formatCount(pixels)} pixels`;
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
