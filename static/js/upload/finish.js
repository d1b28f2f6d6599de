/** @import { Arrival, Task } from '../types.js' */
/** @import * as calls from './calls.js' */
/** @import { Receiving } from './calls.js' */

import { ApiError } from '../api.js';

/** Waits between two looks whether the server is done with a picture: the first, and the longest. */
const FIRST_LOOK_MS = 100;
const LONGEST_LOOK_MS = 2000;

/**
 * Waits for the server, which has every byte and looks at the picture, or fetches it from its store first.
 *
 * @param {Task} task
 * @param {typeof calls} server
 * @param {object} options
 * @param {string} options.id
 * @param {AbortSignal} options.signal
 * @param {boolean} [options.isHeard]  the server knows by itself that all was sent
 * @param {number} [options.patience]  so often it may say that nothing has arrived
 * @returns {Promise<Arrival | null>} null: nothing has arrived
 */
export async function finished(task, server, { id, signal, isHeard = true, patience = Infinity }) {
  let ask = isHeard ? server.uploadStatus : server.completeUpload;
  let misses = 0;
  for (let wait_ms = FIRST_LOOK_MS; ; wait_ms = Math.min(2 * wait_ms, LONGEST_LOOK_MS)) {
    const state = await ask(id, signal).catch(nothingYet);
    if (state.image) {
      return arrival(state.image, state.duplicate);
    }
    endIfOver(state, task);
    misses += state.status === 'pending' && ask === server.completeUpload ? 1 : 0;
    if (misses >= patience) {
      return null;
    }
    ask = state.status === 'pending' ? server.completeUpload : server.uploadStatus;
    await pause(wait_ms, signal);
  }
}

/**
 * @param {Arrival['image']} image
 * @param {boolean} [duplicate]
 * @returns {Arrival}
 */
export function arrival(image, duplicate = false) {
  return { state: duplicate ? 'duplicate' : 'done', image };
}

/**
 * @param {unknown} error
 * @returns {Receiving}
 */
function nothingYet(error) {
  if (error instanceof ApiError && error.code === 'not_arrived') {
    return { status: 'pending', offset: 0 };
  }
  throw error;
}

/**
 * @param {Receiving} state
 * @param {Task} task
 */
function endIfOver({ status, problem }, { tell }) {
  if (problem || status === 'failed' || status === 'expired') {
    tell({ facts: { ticket: null, form: null }, sent: 0 }); // another try begins anew
    throw new ApiError(problem ?? { title: 'It was given up', status: 410, detail: '', code: 'expired' });
  }
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
