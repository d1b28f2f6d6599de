/** @import { Arrival, Task } from '../types.js' */
/** @import { Line } from './line.js' */

import { ApiError } from '../api.js';
import * as tus from './calls.js';
import { arrival } from './finish.js';
import { within } from './stall.js';

/** The upload is not there any more, or is elsewhere than we thought. */
const ASTRAY = new Set([404, 409, 410]);

/**
 * Sends the bytes of a file here, from an offset on.
 *
 * @callback SendSlices
 * @param {Task} task
 * @param {{ id: string, offset: number }} ticket
 * @returns {Promise<void>}
 */

/**
 * Sends a file slice by slice (tus 1.0.0), from wherever it was left: each slice that the server has answered is there
 * for good. The whole was announced with its sha256, so slices carry no checksums: the server would have to hold a
 * slice back until it has all of it.
 *
 * @param {Line} line
 * @param {typeof tus} [calls]
 * @returns {SendSlices}
 */
export function slicesWith(line, calls = tus) {
  return async ({ file, signal, tell }, { id, offset }) => {
    tell({ sent: offset });
    let at = offset;
    while (at < file.size) {
      const place = at;
      const slice = file.slice(place, place + line.request_bytes);
      const started_ms = Date.now();
      at = await within(slice.size, signal, (stoppable) =>
        calls.sendSlice(id, slice, { offset: place, signal: stoppable }),
      );
      line.learn(slice.size, Date.now() - started_ms);
      tell({ sent: at });
    }
  };
}

/**
 * Where a file stands that was begun before; null if the server has forgotten it.
 *
 * @param {Task} task
 * @param {typeof tus} calls
 * @param {string} id
 * @returns {Promise<Arrival | { id: string, offset: number } | null>}
 */
export async function placeOf({ signal, tell }, calls, id) {
  try {
    // HEAD, not the status: whoever still writes to it, a page that is gone perhaps, is asked to make room.
    return { id, offset: await within(0, signal, (stoppable) => calls.findOffset(id, stoppable)) };
  } catch (error) {
    if (!isAstray(error)) {
      throw error;
    }
    tell({ facts: { ticket: null }, sent: 0 });
    const done = await within(0, signal, (stoppable) => calls.uploadStatus(id, stoppable)).catch(() => null);
    return done?.image ? arrival(done.image, done.duplicate) : null;
  }
}

/**
 * Whether the next try must find out first where the upload is.
 *
 * @param {unknown} error
 */
export function isAstray(error) {
  return error instanceof ApiError && ASTRAY.has(error.status);
}
