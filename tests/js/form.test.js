/** @import { Form, News } from '../../static/js/types.js' */

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { formWith } from '../../static/js/upload/form.js';
import { formTicket } from './fakes/receiver.js';
import { taskOf } from './fakes/uploads.js';

/** @type {{ headers: Record<string, string>, name: string, bytes: number }[]} the forms that were sent */
let posted;
/** @type {number[]} what the next ones are answered; 200 after that */
let answers;
/** @type {number[]} bytes that are told to have gone, of each form */
let gone;
/** @type {News[]} */
let news;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  posted = [];
  answers = [];
  gone = [];
  news = [];
});

/** @type {typeof import('../../static/js/upload/post.js').postForm} */
async function post(_url, { headers, name, file, onProgress }) {
  posted.push({ headers, name, bytes: file.size });
  for (const bytes of gone) {
    mock.timers.tick(100);
    onProgress(bytes);
  }
  return { status: answers.shift() ?? 200 };
}

/**
 * What becomes of a file of so many bytes.
 *
 * @param {number} bytes
 * @param {Partial<Form>} [more]
 */
function send(bytes, more = {}) {
  const task = taskOf(new File([new Uint8Array(bytes)], 'beach.jpg'), { tell: (each) => news.push(each) });
  const form = { .../** @type {Form} */ (/** @type {unknown} */ (formTicket('t1'))), arrived: 0, ...more };
  return formWith(post)(task, { id: 't1', form });
}

const arrived = () => news.flatMap(({ facts }) => facts?.form?.arrived ?? []);

test('a file goes in one form, under the name of its ticket', async () => {
  assert.equal(await send(500), 'taken');
  assert.deepEqual(posted, [{ headers: {}, name: 't1', bytes: 500 }]);
  assert.deepEqual(arrived(), [500]);
});

test('says how far it is, but not at every turn', async () => {
  gone = [1, 2, 3, 4, 5];
  await send(500);
  assert.deepEqual(
    news.flatMap(({ passed }) => passed ?? []),
    [1, 3, 5, 500],
  );
});

test('bytes that have only left the browser are not told to have arrived', async () => {
  gone = [400];
  answers = [0];
  await send(500);
  assert.deepEqual(news, [{ passed: 400 }]);
});

test('a large file goes in several forms that belong together', async () => {
  assert.equal(await send(25, { chunk_bytes: 10 }), 'taken');
  const range = (/** @type {string} */ part) => ({ 'Content-Range': `bytes ${part}/25`, 'X-Unique-Upload-Id': 't1' });
  assert.deepEqual(posted, [
    { headers: range('0-9'), name: 't1', bytes: 10 },
    { headers: range('10-19'), name: 't1', bytes: 10 },
    { headers: range('20-24'), name: 't1', bytes: 5 },
  ]);
  assert.deepEqual(arrived(), [10, 20, 25]);
});

test('a file that fits into one chunk is none', async () => {
  await send(10, { chunk_bytes: 10 });
  assert.deepEqual(posted[0]?.headers, {});
});

test('goes on with the chunk that has not arrived', async () => {
  await send(25, { chunk_bytes: 10, arrived: 20 });
  assert.deepEqual(posted[0]?.headers['Content-Range'], 'bytes 20-24/25');
  assert.equal(posted.length, 1);
});

test('what has arrived whole is not sent again', async () => {
  assert.equal(await send(25, { arrived: 25 }), 'taken');
  assert.deepEqual(posted, []);
});

test('ends with the first chunk that is not taken', async () => {
  answers = [200, 400];
  assert.equal(await send(25, { chunk_bytes: 10 }), 'refused');
  assert.equal(posted.length, 2);
});

for (const status of [0, 401, 403, 420, 429, 500, 503]) {
  test(`a store that answers ${status || 'nothing'} is away`, async () => {
    answers = [status];
    assert.equal(await send(500), 'away');
  });
}

for (const status of [400, 404, 409, 413, 415, 422]) {
  test(`a store that answers ${status} refuses the file`, async () => {
    answers = [status];
    assert.equal(await send(500), 'refused');
  });
}
