/** @import { Looked } from '../types.js' */

import { perceptualHash, SIDE_PX } from '../lib/phash.js';
import { Sha256 } from '../lib/sha256.js';

/**
 * The worker of `look.js`: takes one file at a time, and answers with what it found, or null if it cannot be read.
 *
 * @module upload/worker
 */

/** Up to so many bytes are read at once, whatever the file's size. */
const PIECE_BYTES = 4 * 1024 ** 2;

/** The longer side that the server makes the hash's small picture from. */
const HALF_WAY_PX = 200;

addEventListener('message', async ({ data: file }) => {
  postMessage(await look(file));
});

/**
 * @param {File} file
 * @returns {Promise<Looked | null>}
 */
async function look(file) {
  try {
    return { sha256: await sha256(file), ...(await looksOf(file)) };
  } catch (error) {
    if (error instanceof DOMException) {
      return null; // moved, changed or deleted since it was chosen
    }
    throw error;
  }
}

/** @param {File} file */
async function sha256(file) {
  if (globalThis.crypto.subtle && file.size <= PIECE_BYTES) {
    const digest = await crypto.subtle.digest('SHA-256', await file.arrayBuffer());
    return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
  }
  const hash = new Sha256();
  for (let at = 0; at < file.size; at += PIECE_BYTES) {
    hash.update(new Uint8Array(await file.slice(at, at + PIECE_BYTES).arrayBuffer()));
  }
  return hash.digest();
}

/**
 * Nothing of what this browser cannot show: most cannot show HEIC and TIFF.
 *
 * @param {File} file
 */
async function looksOf(file) {
  const picture = await createImageBitmap(file).catch(() => null);
  if (!picture) {
    return { phash: '' };
  }
  const { width, height } = picture;
  // In two steps, as the server does: one large step would leave pixels out.
  const scale = Math.min(1, HALF_WAY_PX / Math.max(picture.width, picture.height));
  const half = drawn(picture, Math.max(1, scale * picture.width), Math.max(1, scale * picture.height));
  picture.close();
  return { phash: perceptualHash(pixelsOf(drawn(half.canvas, SIDE_PX, SIDE_PX))), width, height };
}

/**
 * @param {ImageBitmap | OffscreenCanvas} picture
 * @param {number} width
 * @param {number} height
 */
function drawn(picture, width, height) {
  const canvas = new OffscreenCanvas(Math.round(width), Math.round(height));
  const context = /** @type {OffscreenCanvasRenderingContext2D} */ (
    canvas.getContext('2d', { willReadFrequently: true })
  );
  context.imageSmoothingQuality = 'high';
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return context;
}

/** @param {OffscreenCanvasRenderingContext2D} context */
function pixelsOf(context) {
  return context.getImageData(0, 0, SIDE_PX, SIDE_PX).data;
}
