import assert from 'node:assert/strict';
import { test } from 'node:test';

import { postForm } from '../../static/js/upload/post.js';
import { FakeRequest } from './fakes/request.js';

/** A form that is under way. */
function posting() {
  const request = new FakeRequest();
  const stop = new AbortController();
  /** @type {number[]} */
  const progress = [];
  const answer = postForm(
    'https://store.example/upload',
    {
      fields: { key: 'k', policy: 'p' },
      file_field: 'file',
      file: new Blob(['0123456789'], { type: 'image/jpeg' }),
      name: 't1',
      headers: { 'X-Unique-Upload-Id': 't1' },
      signal: stop.signal,
      onProgress: (bytes) => progress.push(bytes),
    },
    () => /** @type {any} */ (request),
  );
  return { request, stop, progress, answer };
}

test('sends the fields in their order, then the file', async () => {
  const { request, answer } = posting();
  request.answer(204);
  assert.deepEqual(await answer, { status: 204 });
  assert.deepEqual([request.method, request.url], ['POST', 'https://store.example/upload']);
  assert.deepEqual(request.headers, { 'X-Unique-Upload-Id': 't1' });
  const parts = [...(request.body ?? [])];
  assert.deepEqual(
    parts.map(([name]) => name),
    ['key', 'policy', 'file'],
  );
  const file = parts.at(-1)?.[1];
  assert.ok(file instanceof File);
  assert.deepEqual([file.name, file.type, await file.text()], ['t1', 'image/jpeg', '0123456789']);
});

test('no cookie of ours or of theirs goes with it', () => {
  const { request } = posting();
  assert.equal(request.withCredentials, false);
});

test('says how much of the file has gone, never more than there is', () => {
  const { request, progress } = posting();
  request.progress(4);
  request.progress(400); // the fields and the words around the file count, too
  assert.deepEqual(progress, [4, 10]);
});

test('a refusal is an answer', async () => {
  const { request, answer } = posting();
  request.answer(403);
  assert.deepEqual(await answer, { status: 403 });
});

test('no answer is status 0', async () => {
  const { request, answer } = posting();
  request.breakOff();
  assert.deepEqual(await answer, { status: 0 });
});

test('ends when it is cancelled', async () => {
  const { stop, answer } = posting();
  stop.abort(new Error('enough'));
  await assert.rejects(answer, /enough/);
});

test('what is over is not ended again', async () => {
  const { request, stop, answer } = posting();
  request.answer(200);
  await answer;
  request.abort = () => assert.fail('it is over');
  stop.abort();
});
