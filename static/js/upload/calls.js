/** @import { Form, ImageJson, Looked, Problem, Told } from '../types.js' */

import { ask, request } from '../api.js';
import { within } from './stall.js';

/** Every call that carries a file, or is about one that is to be sent. */

/**
 * What the server is told of a file before it is sent.
 *
 * @typedef {object} Question
 * @property {string} filename
 * @property {number} bytes
 * @property {string} content_type
 * @property {string} [sha256]
 * @property {string} [phash]
 */

/**
 * What it says: a problem, that it has the file, or which images look like it.
 *
 * @typedef {Partial<Problem> & { duplicate?: boolean, image?: ImageJson, similar?: ImageJson[] }} Reply
 */

/**
 * An upload as the server knows it.
 *
 * @typedef {object} Receiving
 * @property {'pending' | 'processing' | 'ready' | 'failed' | 'expired'} status
 * @property {number} offset
 * @property {ImageJson} [image]
 * @property {boolean} [duplicate]
 * @property {Problem} [problem]
 */

/**
 * Leave to send a file: here, by tus, or to the store.
 *
 * @typedef {{ id: string, method: 'tus' } | ({ id: string, method: 'form' } & Omit<Form, 'arrived'>)} Ticket
 */

/** @typedef {Question & Told & { replaces?: string, method?: 'tus' }} Wanted */

/** @typedef {Ticket | { duplicate: true, image: ImageJson } | Problem} Given */

const TUS = { 'Tus-Resumable': '1.0.0' };
const JSON_TYPE = { 'Content-Type': 'application/json' };

/**
 * @param {File} file
 * @param {Looked | null} looked
 * @returns {Question}
 */
export function questionOf({ name, size, type }, looked) {
  const { sha256, phash, content_type = type || 'application/octet-stream' } = looked ?? {};
  return {
    filename: name,
    bytes: size,
    content_type,
    ...(sha256 ? { sha256 } : {}),
    ...(phash ? { phash } : {}),
  };
}

/**
 * Asks about many files at once; nothing is reserved for them.
 *
 * @param {Question[]} files
 * @returns {Promise<Reply[]>} one for each, in their order
 */
export function askAbout(files) {
  return askOfAll(files.map((file) => ({ ...file, reserve: false })));
}

/**
 * Asks for leave to send files.
 *
 * @param {Wanted[]} files
 * @returns {Promise<Given[]>} one for each, in their order
 */
export function askForTickets(files) {
  return askOfAll(files);
}

/** @param {object[]} files */
async function askOfAll(files) {
  const { signal } = new AbortController();
  const body = JSON.stringify({ files });
  const { uploads } = await within(body.length, signal, (stoppable) =>
    ask('/api/uploads', { method: 'POST', headers: JSON_TYPE, body, signal: stoppable }),
  );
  return uploads;
}

/**
 * Sends a file in one request: for a new image, or for another picture of one that is there. The same `key` again
 * means the same upload: a retry never stores it twice.
 *
 * @type {import('./transfer.js').Post}
 */
export async function sendWhole({ key, file, facts: { told, replaces }, signal }) {
  const body = new FormData();
  body.append('image', file);
  if (replaces !== null) {
    const address = `/api/images/${encodeURIComponent(replaces)}/original`;
    return { state: 'done', image: await ask(address, { method: 'PUT', body, signal }) };
  }
  body.append('description', told.description ?? '');
  for (const tag of told.tags ?? []) {
    body.append('tags', tag);
  }
  const answer = await ask('/api/images', { method: 'POST', body, headers: { 'Idempotency-Key': key }, signal });
  const { duplicate = false, ...image } = /** @type {ImageJson & { duplicate?: boolean | null }} */ (answer);
  return { state: duplicate ? 'duplicate' : 'done', image };
}

/**
 * How much of a file has arrived for good.
 *
 * @param {string} id
 * @param {AbortSignal} signal
 */
export async function findOffset(id, signal) {
  return offsetOf(await request(tusAddress(id), { method: 'HEAD', headers: TUS, signal }));
}

/**
 * Sends the next slice.
 *
 * @param {string} id
 * @param {Blob} slice
 * @param {{ offset: number, signal: AbortSignal }} options
 * @returns {Promise<number>} how much has arrived then
 */
export async function sendSlice(id, slice, { offset, signal }) {
  const headers = { ...TUS, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) };
  return offsetOf(await request(tusAddress(id), { method: 'PATCH', headers, body: slice, signal }));
}

/**
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<Receiving>}
 */
export function uploadStatus(id, signal) {
  return ask(uploadAddress(id), { signal });
}

/**
 * Says that all has been sent; once more does no harm. Of what goes to a store: looks whether it is there.
 *
 * @param {string} id
 * @param {AbortSignal} signal
 * @returns {Promise<Receiving>}
 */
export function completeUpload(id, signal) {
  return ask(`${uploadAddress(id)}/complete`, { method: 'POST', signal });
}

/**
 * The server may forget what it has of a file. If it does not hear so, it does after a day.
 *
 * @param {string} id
 */
export function cancelUpload(id) {
  request(uploadAddress(id), { method: 'DELETE', keepalive: true }).catch(() => {});
}

/** @param {string} id */
function uploadAddress(id) {
  return `/api/uploads/${encodeURIComponent(id)}`;
}

/** @param {string} id */
function tusAddress(id) {
  return `/api/tus/${encodeURIComponent(id)}`;
}

/** @param {Response} response */
function offsetOf(response) {
  return Number(response.headers.get('Upload-Offset'));
}
