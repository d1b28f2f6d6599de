import assert from 'node:assert/strict';
import { afterEach, mock, test } from 'node:test';

import {
  ApiError,
  deleteImage,
  doToMany,
  editImage,
  listImages,
  orderArchive,
  reasonOf,
  UnreachableError,
} from '../../static/js/api.js';
import { image } from './fakes/images.js';

afterEach(() => mock.restoreAll());

/**
 * Answers every call with this; what comes back knows the calls that were made.
 *
 * @param {unknown} body
 * @param {ResponseInit} [init]
 */
function answer(body, init = {}) {
  const text = body === null ? null : JSON.stringify(body);
  return mock.method(globalThis, 'fetch', async () => new Response(text, init)).mock;
}

/**
 * Answers every call with a problem.
 *
 * @param {number} status
 * @param {{ errors?: Record<string, string>, headers?: Record<string, string> }} [more]
 */
function refuse(status, { errors, headers = {} } = {}) {
  const body = { type: 'about:blank', title: 'Too large', status, detail: 'At most 25 MB.', code: 'too_large', errors };
  answer(body, { status, headers: { 'Content-Type': 'application/problem+json', ...headers } });
}

/**
 * @param {Promise<unknown>} call
 * @returns {Promise<unknown>} what it threw
 */
function failure(call) {
  return call.then(
    () => assert.fail('did not fail'),
    (error) => error,
  );
}

test('a list is asked for with its filter, cursor and counts', async () => {
  const fetched = answer({ images: [], next_cursor: null });
  await listImages({ q: 'old mill', tags: ['a', 'b'] }, { cursor: 'c1' });
  assert.equal(fetched.calls[0]?.arguments[0], '/api/images?q=old+mill&tag=a&tag=b&counts=true&limit=40&cursor=c1');
});

test('an edit names the version that the person saw', async () => {
  const fetched = answer(image());
  await editImage('x/y', { alt: 'A tree' }, 3);
  const [url, { method, headers, body } = {}] = fetched.calls[0]?.arguments ?? [];
  assert.deepEqual([url, method, body], ['/api/images/x%2Fy', 'PATCH', '{"alt":"A tree"}']);
  assert.equal(new Headers(headers).get('If-Match'), '"3"');
});

test('a delete has no answer but that it is done', async () => {
  answer(null, { status: 204 });
  assert.equal(await deleteImage('a'), undefined);
});

test('a problem keeps its words, code, fields and the wait that is asked for', async () => {
  refuse(429, { errors: { q: 'too long' }, headers: { 'Retry-After': '7' } });
  const error = await failure(deleteImage('a'));
  assert(error instanceof ApiError);
  const { status, code, detail, errors, retry_after_s } = error;
  assert.deepEqual(
    [status, code, detail, errors, retry_after_s],
    [429, 'too_large', 'At most 25 MB.', { q: 'too long' }, 7],
  );
});

test('an answer of somebody between us and the gallery is a problem too', async () => {
  mock.method(globalThis, 'fetch', async () => new Response('<html>', { status: 413 }));
  const error = await failure(deleteImage('a'));
  assert(error instanceof ApiError);
  assert.deepEqual([error.status, error.detail], [413, 'The file is too large']);
});

test('no answer is told apart from a call that was given up', async () => {
  mock.method(globalThis, 'fetch', async () => {
    throw new TypeError('Failed to fetch');
  });
  assert((await failure(deleteImage('a'))) instanceof UnreachableError);
  const signal = AbortSignal.abort();
  assert(!((await failure(listImages({ q: '', tags: [] }, { signal }))) instanceof UnreachableError));
});

test('people are told of failed calls; a mistake of ours stays an error', async () => {
  refuse(413);
  assert.equal(reasonOf(await failure(deleteImage('a'))), 'At most 25 MB.');
  assert.match(reasonOf(new UnreachableError(null)), /does not answer/);
  assert.throws(() => reasonOf(new RangeError('ours')), RangeError);
});

test('what is done to many goes in hundreds, and every result comes back in order', async () => {
  const fetched = mock.method(globalThis, 'fetch', async (/** @type {string} */ _url, /** @type {any} */ { body }) => {
    const { ids } = JSON.parse(body);
    return Response.json({ results: ids.map((/** @type {string} */ id) => ({ id, status: 204 })) });
  }).mock;
  const ids = Array.from({ length: 250 }, (_, at) => `id${at}`);
  const results = await doToMany(ids, { action: 'tag', tags: ['a'] });
  assert.deepEqual(
    results.map(({ id }) => id),
    ids,
  );
  const sent = fetched.calls.map(({ arguments: [, { body }] }) => JSON.parse(body));
  assert.deepEqual(
    sent.map((each) => each.ids.length),
    [100, 100, 50],
  );
  assert.deepEqual(sent[2], { ids: ids.slice(200), action: 'tag', tags: ['a'] });
});

test('an archive is ordered by its ids and fetched elsewhere', async () => {
  const fetched = answer({ id: 'z', url: '/api/archives/z' }, { status: 201 });
  assert.equal(await orderArchive(['a', 'b']), '/api/archives/z');
  assert.equal(fetched.calls[0]?.arguments[1]?.body, '{"ids":["a","b"]}');
});
