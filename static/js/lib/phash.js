/** The hash is of a picture of exactly this size. */
export const SIDE_PX = 32;

const WAVES = 8;

/** @type {number[][]} of each wave, its height at each pixel of a line */
const HEIGHTS = Array.from({ length: WAVES }, (_wave, wave) =>
  Array.from({ length: SIDE_PX }, (_pixel, at) => Math.cos((Math.PI / SIDE_PX) * wave * (at + 0.5))),
);

/**
 * The perceptual hash of a picture of 32 × 32 pixels, 64 bits as 16 hexadecimal digits: pictures that look alike
 * differ in few bits. The server computes the same (`gallery/imaging/likeness.py`, which says how).
 *
 * @param {Uint8ClampedArray} rgba
 */
export function perceptualHash(rgba) {
  const luma = Array.from({ length: SIDE_PX ** 2 }, (_pixel, at) => luminance(rgba.subarray(4 * at, 4 * at + 4)));
  const rows = Array.from({ length: SIDE_PX }, (_row, at) => luma.slice(at * SIDE_PX, (at + 1) * SIDE_PX));
  const across = HEIGHTS.map((heights) => rows.map((row) => dot(row, heights)));
  const amplitudes = HEIGHTS.flatMap((heights) => across.map((column) => dot(column, heights)));
  const ordered = amplitudes.slice(1).sort((a, b) => a - b);
  const median = ordered[ordered.length >> 1] ?? 0;
  const bits = amplitudes.map((amplitude) => (amplitude > median ? '1' : '0')).join('');
  return BigInt(`0b${bits}`).toString(16).padStart(16, '0');
}

/** @param {Uint8ClampedArray} pixel */
function luminance([red = 0, green = 0, blue = 0, alpha = 0]) {
  const visible = 0.299 * red + 0.587 * green + 0.114 * blue;
  return 255 + ((visible - 255) * alpha) / 255;
}

/**
 * @param {number[]} left
 * @param {number[]} right
 */
function dot(left, right) {
  return left.reduce((sum, value, at) => sum + value * (right[at] ?? 0), 0);
}
