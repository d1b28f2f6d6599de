/**
 * @import { BatchAction, BatchResult, Changes, Filter, ImageJson, ImageList, Problem, Status, TagCount }
 *     from './types.js'
 */

import { formatFilter } from './lib/filter.js';

/** As many as the server draws of a page: a cursor then leads to the same images here and there. */
const PAGE_LIMIT = '40';

const JSON_BODY = { 'Content-Type': 'application/json' };

/** The server answered, and said no. `detail` is for people: what is wrong, the limit, the mend. */
export class ApiError extends Error {
  /**
   * @param {Problem} problem
   * @param {{ retry_after_s?: number | null }} [options]
   */
  constructor({ status, code, detail, title, errors = {} }, { retry_after_s = null } = {}) {
    super(detail || title);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.detail = detail || title;
    /** Field → what is wrong with it. */
    this.errors = errors;
    /** How long the server asked us to wait. */
    this.retry_after_s = retry_after_s;
  }
}

/** No answer came: the connection is down, or the server is. */
export class UnreachableError extends Error {
  /** @param {unknown} cause */
  constructor(cause) {
    super('The gallery does not answer. Try again in a moment.', { cause });
    this.name = 'UnreachableError';
  }
}

/**
 * What to tell people of a failed call. Throws what is no failure of a call but a mistake of ours.
 *
 * @param {unknown} error
 */
export function reasonOf(error) {
  if (error instanceof ApiError || error instanceof UnreachableError) {
    return error.message;
  }
  throw error;
}

/**
 * One page of the images that meet the filter, with counts.
 *
 * @param {Filter} filter
 * @param {{ cursor?: string | null, signal?: AbortSignal }} [options]
 * @returns {Promise<ImageList>}
 */
export function listImages(filter, { cursor = null, signal } = {}) {
  const query = formatFilter(filter);
  query.set('counts', 'true');
  query.set('limit', PAGE_LIMIT);
  if (cursor) {
    query.set('cursor', cursor);
  }
  return ask(`/api/images?${query}`, { signal });
}

/**
 * @param {string} id
 * @returns {Promise<ImageJson>}
 */
export function findImage(id) {
  return ask(address(id));
}

/**
 * @param {string} id
 * @param {Changes} changes
 * @param {number} version  the one that the person saw: 412 if somebody changed it since
 * @returns {Promise<ImageJson>}
 */
export function editImage(id, changes, version) {
  const headers = { ...JSON_BODY, 'If-Match': `"${version}"` };
  return ask(address(id), { method: 'PATCH', body: JSON.stringify(changes), headers });
}

/**
 * Moves an image to the trash.
 *
 * @param {string} id
 * @returns {Promise<void>}
 */
export function deleteImage(id) {
  return ask(address(id), { method: 'DELETE' });
}

/**
 * @param {string} id
 * @returns {Promise<ImageJson>}
 */
export function restoreImage(id) {
  return ask(`${address(id)}/restore`, { method: 'POST' });
}

/** Images that one call may be about. */
const BATCH = 100;

/**
 * Does the same to many images; says what became of each, in their order. Throws only what befalls all of them: what
 * was done until then is told by the live stream.
 *
 * @param {readonly string[]} ids
 * @param {BatchAction} action
 * @returns {Promise<BatchResult[]>}
 */
export async function doToMany(ids, action) {
  /** @type {BatchResult[]} */
  const results = [];
  for (let at = 0; at < ids.length; at += BATCH) {
    const body = JSON.stringify({ ids: ids.slice(at, at + BATCH), ...action });
    const answer = await ask('/api/images/batch', { method: 'POST', body, headers: JSON_BODY });
    results.push(...answer.results);
  }
  return results;
}

/**
 * Where a zip of originals can be fetched, like any file.
 *
 * @param {readonly string[]} ids
 * @returns {Promise<string>}
 */
export async function orderArchive(ids) {
  const body = JSON.stringify({ ids });
  return (await ask('/api/archives', { method: 'POST', body, headers: JSON_BODY })).url;
}

/** Deletes for ever. */
export function purgeImage(/** @type {string} */ id) {
  return ask(`${address(id)}?permanent=true`, { method: 'DELETE' });
}

/**
 * Deletes all that is in the trash for ever.
 *
 * @returns {Promise<{ deleting: number }>}
 */
export function emptyTrash() {
  return ask('/api/trash', { method: 'DELETE' });
}

/**
 * Puts another picture in the place of an image's.
 *
 * @param {string} id
 * @param {File} file
 * @param {number} version  the one that the person saw: 412 if somebody changed it since
 * @returns {Promise<ImageJson>}
 */
export function replaceImage(id, file, version) {
  const body = new FormData();
  body.append('image', file);
  return ask(`${address(id)}/original`, { method: 'PUT', body, headers: { 'If-Match': `"${version}"` } });
}

/**
 * The tags in use, most used first.
 *
 * @returns {Promise<TagCount[]>}
 */
export async function listTags() {
  const { tags } = await ask('/api/tags');
  return tags;
}

/**
 * How the gallery is.
 *
 * @returns {Promise<Status>}
 */
export function findStatus() {
  return ask('/api/status');
}

/** @param {string} id */
function address(id) {
  return `/api/images/${encodeURIComponent(id)}`;
}

/**
 * The JSON of an answer, undefined when it has none. Throws ApiError, UnreachableError, or the AbortError of a signal.
 *
 * @param {string} url
 * @param {RequestInit} [init]
 * @returns {Promise<any>}
 */
export async function ask(url, init = {}) {
  const headers = { Accept: 'application/json, application/problem+json', ...init.headers };
  const response = await request(url, { ...init, headers });
  return response.status === 204 ? undefined : response.json();
}

/**
 * An answer that is no failure. Throws as `ask` does.
 *
 * @param {string} url
 * @param {RequestInit} [init]
 */
export async function request(url, init = {}) {
  const response = await fetch(url, init).catch((error) => {
    throw init.signal?.aborted ? error : new UnreachableError(error);
  });
  if (!response.ok) {
    throw new ApiError(await problemOf(response), { retry_after_s: retryAfter(response) });
  }
  return response;
}

/**
 * @param {Response} response
 * @returns {Promise<Problem>}
 */
async function problemOf(response) {
  if (response.headers.get('Content-Type')?.startsWith('application/problem+json')) {
    return response.json();
  }
  // Something between us and the gallery answered: a proxy has its own words for its limits.
  const title = response.status === 413 ? 'The file is too large' : `The gallery answered ${response.status}`;
  return { title, status: response.status, detail: '', code: 'http_error' };
}

/** @param {Response} response */
function retryAfter(response) {
  const value = response.headers.get('Retry-After');
  if (value === null) {
    return null;
  }
  const seconds = Number(value);
  const wait_s = Number.isNaN(seconds) ? (Date.parse(value) - Date.now()) / 1000 : seconds;
  return Number.isNaN(wait_s) ? null : Math.max(0, wait_s);
}
