/** @import { Problem, Setback } from '../types.js' */

import { ApiError, UnreachableError } from '../api.js';
import { StalledError } from './stall.js';

/** Answers of a server in trouble or in a hurry: the same file may be welcome in a moment. */
const PASSING = new Set([408, 423, 425, 429, 460, 500, 502, 503, 504]);

/** Those of them that would meet every other file too. */
const MEETS_ALL = new Set([429, 502, 503, 504]);

/** 4xx that are about the moment or the person, not about the file. */
const WORTH_A_TRY = new Set([401, 403, 409, 507]);

/**
 * What a try that threw this means for its file, in people's words.
 *
 * @param {unknown} error
 * @param {File} file
 * @returns {Promise<Setback>}
 */
export async function setbackOf(error, file) {
  if (error instanceof ApiError) {
    return answered(error, file.name);
  }
  if (error instanceof StalledError) {
    return stalled(file.name);
  }
  return (await isReadable(file)) ? unanswered(file.name) : unreadable(file.name);
}

/**
 * Whether it may be otherwise in a moment.
 *
 * @param {unknown} error
 */
export function isPassing(error) {
  const isOurs = error instanceof StalledError || error instanceof UnreachableError;
  return isOurs || (error instanceof ApiError && automatic(error) !== 'never');
}

/**
 * @param {string} name
 * @returns {Setback}
 */
export function unreadable(name) {
  return {
    ...refused(`${name} can no longer be read: it was moved, changed or deleted.`),
    mend: 'Add it once more.',
  };
}

/**
 * @param {string} reason  with the file's name, the limit and the mend
 * @returns {Setback}
 */
export function refused(reason) {
  return { state: 'failed', reason, mend: '', retryable: false, again: 'never' };
}

/**
 * @param {string} name
 * @returns {Setback}
 */
function unanswered(name) {
  return {
    state: 'failed',
    reason: `${name} could not be sent: the gallery does not answer.`,
    mend: 'Check the connection, then try again.',
    retryable: true,
    again: 'all',
  };
}

/**
 * @param {string} name
 * @returns {Setback}
 */
function stalled(name) {
  return {
    state: 'failed',
    reason: `${name} took too long and was stopped.`,
    mend: 'Try again on a faster connection.',
    retryable: true,
    again: 'file',
  };
}

/**
 * `fetch` fails alike when the network is down and when the file has changed on the disk since it was chosen.
 *
 * @param {File} file
 */
export async function isReadable(file) {
  return file
    .slice(0, 1)
    .arrayBuffer()
    .then(
      () => true,
      () => false,
    );
}

/**
 * @param {Partial<Problem> & { retry_after_s?: number | null }} problem  an answer, or a part of one
 * @param {string} name
 * @returns {Setback}
 */
export function answered(problem, name) {
  const again = automatic(problem);
  const { status = 0, code, retry_after_s } = problem;
  const retryable = again !== 'never' || WORTH_A_TRY.has(status) || code === 'decoder_failed';
  return {
    state: 'failed',
    reason: reasonOf(problem, name),
    mend: retryable ? 'Try again in a moment.' : '',
    retryable,
    again,
    retry_after_s: retry_after_s ?? 0,
  };
}

/**
 * @param {Partial<Problem>} problem
 * @returns {Setback['again']}
 */
function automatic({ status = 0, code }) {
  if (MEETS_ALL.has(status)) {
    return 'all';
  }
  // in_progress: our first try is still being worked on. incomplete_body: the line broke while sending.
  const passes = PASSING.has(status) || code === 'in_progress' || code === 'incomplete_body';
  return passes ? 'file' : 'never';
}

/**
 * @param {Partial<Problem>} problem
 * @param {string} name
 */
function reasonOf({ detail, title, errors, status }, name) {
  const parts = [detail || title || `The gallery did not take it (${status}).`, ...Object.values(errors ?? {})];
  const said = [...new Set(parts)].join(' ');
  return said.includes(name) ? said : `${name}: ${said}`;
}
