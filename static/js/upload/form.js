/** @import { Form, Task } from '../types.js' */

import { postForm } from './post.js';
import { within } from './stall.js';

/** How often it is said how far a file is. */
const NEWS_MS = 200;

/** Answers other than 5xx that are not about the file: the store is in a hurry, or does not let us in; 0 is none. */
const NOT_FOR_NOW = new Set([0, 401, 403, 408, 420, 425, 429]);

/**
 * What the store made of a file. away: it did not answer us, is in trouble, or takes nothing that we send.
 *
 * @typedef {'taken' | 'refused' | 'away'} Outcome
 */

/**
 * Sends the bytes of a file to the store that its ticket leads to.
 *
 * @callback SendForm
 * @param {Task} task
 * @param {{ id: string, form: Form }} ticket
 * @returns {Promise<Outcome>}
 */

/**
 * Sends a file as a form, or as several where the ticket wants that: each of these is there for good once it was
 * answered (Cloudinary's way: `Content-Range`, and one `X-Unique-Upload-Id` for all).
 *
 * @param {typeof postForm} [post]
 * @returns {SendForm}
 */
export function formWith(post = postForm) {
  return async ({ file, signal, tell }, { id, form }) => {
    const most = form.chunk_bytes ?? file.size;
    for (let at = form.arrived; at < file.size; at += most) {
      const part = file.slice(at, at + most, file.type);
      const answer = await within(part.size, signal, (stoppable) =>
        post(form.url, {
          fields: form.fields,
          file_field: form.file_field,
          file: part,
          name: id,
          headers: part.size < file.size ? chunkHeaders(id, at, part.size, file.size) : {},
          signal: stoppable,
          onProgress: sparsely((bytes) => tell({ passed: at + bytes })),
        }),
      );
      if (answer.status < 200 || answer.status >= 300) {
        return NOT_FOR_NOW.has(answer.status) || answer.status >= 500 ? 'away' : 'refused';
      }
      tell({ passed: at + part.size, facts: { form: { ...form, arrived: at + part.size } } });
    }
    return 'taken';
  };
}

/**
 * @param {string} id
 * @param {number} at
 * @param {number} bytes
 * @param {number} total
 * @returns {Record<string, string>}
 */
function chunkHeaders(id, at, bytes, total) {
  return { 'Content-Range': `bytes ${at}-${at + bytes - 1}/${total}`, 'X-Unique-Upload-Id': id };
}

/**
 * @param {(bytes: number) => void} tell
 * @returns {(bytes: number) => void} leaves out what comes too soon
 */
function sparsely(tell) {
  let last_ms = 0;
  return (bytes) => {
    const now_ms = Date.now();
    if (now_ms - last_ms >= NEWS_MS) {
      last_ms = now_ms;
      tell(bytes);
    }
  };
}
