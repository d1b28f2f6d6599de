/** @import { Facts, Upload, UploadState } from '../types.js' */

import { folderOf } from '../lib/picked.js';

/**
 * Where an upload may go from each state. Any other move is a mistake of ours.
 *
 * @type {Record<UploadState, UploadState[]>}
 */
const MOVES = {
  waiting: ['hashing', 'similar', 'uploading', 'paused', 'duplicate', 'failed', 'cancelled'],
  hashing: ['waiting', 'similar', 'paused', 'duplicate', 'failed', 'cancelled'],
  similar: ['waiting', 'cancelled'],
  uploading: ['processing', 'waiting', 'paused', 'done', 'duplicate', 'failed', 'cancelled'],
  processing: ['uploading', 'waiting', 'paused', 'done', 'duplicate', 'failed', 'cancelled'],
  paused: ['waiting', 'cancelled'],
  failed: ['waiting', 'cancelled'],
  done: [],
  duplicate: [],
  cancelled: [],
};

/** @type {ReadonlySet<UploadState>} in which an upload holds one of the few places */
const SENDING = new Set(['uploading', 'processing']);

/**
 * What the queue remembers of an upload besides what it shows.
 *
 * @typedef {object} Entry
 * @property {Upload} upload
 * @property {Facts} facts
 * @property {boolean} checked  may be looked at and sent, as far as its first bytes say
 * @property {boolean} ready  looked at: nothing speaks against sending it
 * @property {number} arrived  bytes of it that the server was known to have last
 * @property {number} tries  new tries by ourselves, since it was added or retried
 * @property {number} notBefore_ms  since the epoch
 * @property {AbortController | null} stop  while it is being looked at or sent
 */

/** @type {Facts} of a file that was just added */
const NOTHING_YET = {
  told: {},
  later: null,
  isBegun: false,
  looked: null,
  replaces: null,
  isChosen: false,
  isWhole: false,
  ticket: null,
  form: null,
  reason: '',
};

/**
 * @param {string} key
 * @param {File} file
 * @param {Partial<Facts>} [known]  all of them of one that was kept
 * @returns {Entry}
 */
export function entryOf(key, file, known = {}) {
  const facts = { ...NOTHING_YET, ...known };
  /** @type {Upload} */
  const upload = {
    key,
    file,
    name: file.name,
    bytes: file.size,
    sent: 0,
    state: 'waiting',
    reason: '',
    retryable: false,
    image: null,
    similar: [],
    folder: folderOf(file),
    ...shownOf(facts),
    keeping: 'asked',
    previewUrl: URL.createObjectURL(file),
  };
  // What has a ticket was asked about before it was given one.
  const ready = facts.ticket !== null || facts.isChosen;
  return {
    upload: Object.freeze(upload),
    facts,
    checked: false,
    ready,
    arrived: 0,
    tries: 0,
    notBefore_ms: 0,
    stop: null,
  };
}

/**
 * What is shown of the facts.
 *
 * @param {Facts} facts
 */
export function shownOf({ told, later, replaces }) {
  return { told: later ?? told, later, replaces };
}

/**
 * The upload in another state; what belonged to the last one is gone.
 *
 * @param {Upload} upload
 * @param {UploadState} state
 * @param {Partial<Upload>} outcome
 * @returns {Upload}
 */
export function moved(upload, state, outcome) {
  if (!MOVES[upload.state].includes(state)) {
    throw new Error(`${upload.name} is ${upload.state}: it cannot become ${state}`);
  }
  return Object.freeze({ ...upload, reason: '', retryable: false, image: null, similar: [], ...outcome, state });
}

/**
 * What went wrong with it so far does not count any more.
 *
 * @param {Entry} entry
 */
export function startOver(entry) {
  entry.tries = 0;
  entry.notBefore_ms = 0;
}

/** @param {Entry} entry */
export function isSending({ upload }) {
  return SENDING.has(upload.state);
}
