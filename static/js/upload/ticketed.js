/** @import { Arrival, Form, Send, Setback, Task } from '../types.js' */
/** @import * as server from './calls.js' */
/** @import { Ticket } from './calls.js' */
/** @import { TicketDesk } from './desk.js' */
/** @import { Direct } from './direct.js' */
/** @import { SendForm } from './form.js' */
/** @import { SendSlices } from './slices.js' */

import { ApiError } from '../api.js';
import { isFresh } from './desk.js';
import { arrival, finished } from './finish.js';
import { isReadable, setbackOf, unreadable } from './setback.js';
import { isAstray, placeOf } from './slices.js';
import { StalledError, within } from './stall.js';

/** How often the gallery may miss what its store says to have: some stores tell it a moment later. */
const PATIENCE = 6;

/**
 * @typedef {object} Parts
 * @property {typeof server} calls
 * @property {TicketDesk} desk
 * @property {Direct} direct
 * @property {SendSlices} slices
 * @property {SendForm} form
 */

/** @typedef {{ id: string, form: Form }} ToStore */
/** @typedef {{ id: string, offset: number }} Here */

/**
 * Sends a file by a ticket: to the store of the gallery, or here in slices. What was begun before is gone on with.
 *
 * What a store does not take comes here: whatever is wrong with it, the gallery has the words for it. So do the next
 * files for a while when the store was out of reach although the gallery was not. On a bad line that is the better way,
 * too: no slice is sent twice.
 *
 * @param {Parts} parts
 * @returns {Send}
 */
export function ticketedWith(parts) {
  return async (task) => {
    try {
      const begun = (await goOn(task, parts)) ?? (await begin(task, parts));
      return await ('form' in begun ? toStore(task, parts, begun) : here(task, parts, begun));
    } catch (error) {
      const setback = await setbackOf(error, task.file);
      return isAstray(error) ? { ...setback, retryable: true, again: 'file' } : setback;
    }
  };
}

/**
 * Where the file stands that was begun before; null if it was not, or must be begun anew.
 *
 * @param {Task} task
 * @param {Parts} parts
 * @returns {Promise<Arrival | ToStore | Here | null>}
 */
async function goOn(task, parts) {
  const { ticket, form } = task.facts;
  if (ticket === null) {
    return null;
  }
  return form ? goOnToStore(task, parts, { id: ticket, form }) : placeOf(task, parts.calls, ticket);
}

/**
 * @param {Task} task
 * @param {Parts} parts
 * @param {ToStore} begun
 * @returns {Promise<Arrival | ToStore | null>}
 */
async function goOnToStore(task, { calls, direct }, { id, form }) {
  try {
    // It may have been sent by a page that was gone before it could say so.
    const arrived = await lookFor(task, calls, { id, patience: 1 });
    if (arrived) {
      return arrived;
    }
  } catch (error) {
    if (!isAstray(error)) {
      throw error;
    }
    forget(task);
    return null;
  }
  if (direct.isOn && isFresh(form)) {
    task.tell({ passed: form.arrived });
    return { id, form };
  }
  calls.cancelUpload(id);
  forget(task);
  return null;
}

/**
 * @param {Task} task
 * @param {Parts} parts
 * @param {{ isForHere?: boolean }} [options]
 * @returns {Promise<Arrival | ToStore | Here>}
 */
async function begin(task, { calls, desk }, { isForHere = false } = {}) {
  const { signal, tell } = task;
  const given = await desk.ticketFor(task, { isForHere });
  if ('image' in given) {
    return arrival(given.image, true);
  }
  if (!('method' in given)) {
    throw new ApiError(given);
  }
  const { id } = given;
  if (signal.aborted) {
    calls.cancelUpload(id); // nobody will know of it
    signal.throwIfAborted();
  }
  const form = formOf(given);
  tell({ facts: { ticket: id, form } });
  return form ? { id, form } : { id, offset: 0 };
}

/**
 * @param {Task} task
 * @param {Parts} parts
 * @param {Arrival | Here} begun
 * @returns {Promise<Arrival>}
 */
async function here(task, { calls, slices }, begun) {
  if ('state' in begun) {
    return begun;
  }
  await slices(task, begun);
  task.tell({ state: 'processing' });
  const end = await within(0, task.signal, (signal) => finished(task, calls, { id: begun.id, signal }));
  return /** @type {Arrival} */ (end);
}

/**
 * @param {Task} task
 * @param {Parts} parts
 * @param {ToStore} begun
 * @returns {Promise<Arrival | Setback>}
 */
async function toStore(task, parts, { id, form }) {
  const { file, tell } = task;
  const { calls, direct } = parts;
  const outcome = await parts.form(task, { id, form });
  if (outcome === 'taken') {
    tell({ state: 'processing' });
  }
  // It may be there all the same: what was lost is perhaps the answer.
  const arrived = await lookFor(task, calls, { id, patience: outcome === 'taken' ? PATIENCE : 1 });
  if (arrived) {
    return arrived;
  }
  calls.cancelUpload(id);
  forget(task);
  if (!isFresh(form)) {
    throw new StalledError(); // the ticket has run out
  }
  if (!(await isReadable(file))) {
    return unreadable(file.name);
  }
  if (outcome !== 'refused') {
    direct.giveUp();
  }
  tell({ state: 'uploading' });
  const begun = await begin(task, parts, { isForHere: true });
  return here(task, parts, /** @type {Arrival | Here} */ (begun));
}

/**
 * What the store may have of it.
 *
 * @param {Task} task
 * @param {typeof server} calls
 * @param {{ id: string, patience: number }} options
 */
function lookFor(task, calls, { id, patience }) {
  // The gallery reads all of it before it answers.
  return within(task.file.size, task.signal, (signal) =>
    finished(task, calls, { id, signal, isHeard: false, patience }),
  );
}

/** @param {Task} task  whose ticket is of no use any more */
function forget({ tell }) {
  tell({ facts: { ticket: null, form: null }, sent: 0 });
}

/**
 * @param {Ticket} ticket
 * @returns {Form | null}
 */
function formOf(ticket) {
  if (ticket.method === 'tus') {
    return null;
  }
  const { url, fields, file_field, expires_at, chunk_bytes } = ticket;
  return { url, fields, file_field, expires_at, chunk_bytes, arrived: 0 };
}
