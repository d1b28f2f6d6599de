/** @import { Arrival, Send, Task } from '../types.js' */

import { ApiError } from '../api.js';
import * as tus from './calls.js';
import { setbackOf } from './setback.js';
import { within } from './stall.js';

const KIB = 1024;
const SMALLEST_BYTES = 256 * KIB;
const FIRST_BYTES = 1024 * KIB;
const LARGEST_BYTES = 16 * 1024 * KIB;

/** A slice is as large as the line carries in so long: a broken one costs no more. */
const SLICE_MS = 2000;

/** Waits between two looks whether the server is done with a picture: the first, and the longest. */
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 2000;

/** The upload is not there any more, or is elsewhere than we thought: the next try finds that out first. */
const ASTRAY = new Set([404, 409, 410]);

/**
 * Sends a file slice by slice (tus 1.0.0), from wherever it was left: each slice that the server has answered is there
 * for good. The whole was announced with its sha256, so slices carry no checksums: the server would have to hold a
 * slice back until it has all of it.
 *
 * @param {typeof tus} [calls]
 * @returns {Send}
 */
export function slicesWith(calls = tus) {
  const pace = { slice_bytes: FIRST_BYTES };
  return async (task) => {
    try {
      return await send(task, calls, pace);
    } catch (error) {
      const setback = await setbackOf(error, task.file);
      const isAstray = error instanceof ApiError && ASTRAY.has(error.status);
      return isAstray ? { ...setback, retryable: true, again: 'file' } : setback;
    }
  };
}

/**
 * @param {Task} task
 * @param {typeof tus} calls
 * @param {{ slice_bytes: number }} pace  learned from all files
 * @returns {Promise<Arrival>}
 */
async function send(task, calls, pace) {
  const { file, signal, tell } = task;
  const begun = (await goOn(task, calls)) ?? (await begin(task, calls));
  if ('state' in begun) {
    return begun;
  }
  const { id } = begun;
  let { offset } = begun;
  tell({ sent: offset });
  while (offset < file.size) {
    const slice = file.slice(offset, offset + pace.slice_bytes);
    const started_ms = Date.now();
    offset = await within(slice.size, signal, (stoppable) => calls.sendSlice(id, slice, { offset, signal: stoppable }));
    pace.slice_bytes = paced(slice.size, Date.now() - started_ms);
    tell({ sent: offset });
  }
  tell({ state: 'processing' });
  return within(0, signal, (stoppable) => finish(task, calls, { id, signal: stoppable }));
}

/**
 * Where the file stands that was begun before; null if it was not, or if the server has forgotten.
 *
 * @param {Task} task
 * @param {typeof tus} calls
 * @returns {Promise<Arrival | { id: string, offset: number } | null>}
 */
async function goOn({ facts: { ticket }, signal, tell }, calls) {
  if (ticket === null) {
    return null;
  }
  try {
    // HEAD, not the status: whoever still writes to it, a page that is gone perhaps, is asked to make room.
    return { id: ticket, offset: await within(0, signal, (stoppable) => calls.findOffset(ticket, stoppable)) };
  } catch (error) {
    if (!(error instanceof ApiError) || !ASTRAY.has(error.status)) {
      throw error;
    }
    tell({ facts: { ticket: null }, sent: 0 });
    const done = await within(0, signal, (stoppable) => calls.uploadStatus(ticket, stoppable)).catch(() => null);
    return done?.image ? arrival(done.image, done.duplicate) : null;
  }
}

/**
 * @param {Task} task
 * @param {typeof tus} calls
 * @returns {Promise<Arrival | { id: string, offset: number }>}
 */
async function begin({ file, facts: { told, looked, replaces }, signal, tell }, calls) {
  const wanted = { ...tus.questionOf(file, looked), ...told, ...(replaces === null ? {} : { replaces }) };
  // Not ended with the file: a ticket that nobody hears of could not be given back.
  const begun = await within(0, new AbortController().signal, (stoppable) => calls.beginUpload(wanted, stoppable));
  if ('image' in begun) {
    return arrival(begun.image, true);
  }
  if (signal.aborted) {
    calls.cancelUpload(begun.id); // nobody will know of it
    signal.throwIfAborted();
  }
  tell({ facts: { ticket: begun.id } });
  return { id: begun.id, offset: 0 };
}

/**
 * Waits for the server, which has every byte and looks at the picture.
 *
 * @param {Task} task
 * @param {typeof tus} calls
 * @param {{ id: string, signal: AbortSignal }} options
 * @returns {Promise<Arrival>}
 */
async function finish({ tell }, calls, { id, signal }) {
  for (let wait_ms = FIRST_LOOK_MS; ; wait_ms = Math.min(2 * wait_ms, LONGEST_LOOK_MS)) {
    const { status, image, duplicate, problem } = await calls.uploadStatus(id, signal);
    if (image) {
      return arrival(image, duplicate);
    }
    if (problem || status === 'failed' || status === 'expired') {
      tell({ facts: { ticket: null }, sent: 0 }); // another try begins anew
      throw new ApiError(problem ?? { title: 'It was given up', status: 410, detail: '', code: 'expired' });
    }
    if (status === 'pending') {
      await calls.completeUpload(id, signal);
    }
    await pause(wait_ms, signal);
  }
}

/**
 * @param {Arrival['image']} image
 * @param {boolean} [duplicate]
 * @returns {Arrival}
 */
function arrival(image, duplicate = false) {
  return { state: duplicate ? 'duplicate' : 'done', image };
}

/**
 * The size of the next slice, at most twice as large as this one.
 *
 * @param {number} bytes
 * @param {number} took_ms
 */
function paced(bytes, took_ms) {
  const fitting = bytes * Math.min(2, SLICE_MS / Math.max(1, took_ms));
  return Math.round(Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, fitting)));
}

/**
 * @param {number} wait_ms
 * @param {AbortSignal} signal
 */
function pause(wait_ms, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(alarm);
      reject(signal.reason);
    };
    const alarm = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve(undefined);
    }, wait_ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
