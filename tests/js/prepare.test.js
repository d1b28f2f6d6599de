/** @import { Facts, Limits, Looked, News } from '../../static/js/types.js' */
/** @import { Question, Reply } from '../../static/js/upload/calls.js' */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { ApiError, UnreachableError } from '../../static/js/api.js';
import { prepareWith } from '../../static/js/upload/prepare.js';
import { QuickFile } from './fakes/files.js';
import { image } from './fakes/images.js';
import { factsOf, taskOf } from './fakes/uploads.js';

const SHA256 = 'ab'.repeat(32);
const PHASH = '0123456789abcdef';

/** @type {Limits} */
const LIMITS = {
  max_upload_bytes: 1000,
  max_pixels: 1e8,
  formats: ['JPEG'],
  store: { name: 'cloudinary', max_bytes: null, max_pixels: 25e6, max_side: null },
};

/**
 * What is found out of `beach.jpg` when the server replies so.
 *
 * @param {Reply | Error} reply
 * @param {{ looked?: Looked | null, facts?: Partial<Facts> }} [more]
 */
async function prepared(reply, { looked = { sha256: SHA256, phash: PHASH }, facts = {} } = {}) {
  /** @type {News[]} */
  const news = [];
  /** @type {Question[]} */
  const asked = [];
  const prepare = prepareWith({
    look: async (_file, { onStart }) => {
      onStart();
      return looked;
    },
    ask: async (question) => {
      asked.push(question);
      if (reply instanceof Error) {
        throw reply;
      }
      return reply;
    },
    limits: LIMITS,
  });
  const task = taskOf(new QuickFile('beach.jpg'), { facts: factsOf(facts), tell: (each) => news.push(each) });
  return { outcome: await prepare(task), news, asked };
}

test('asks with all that is known of the file', async () => {
  const { outcome, asked, news } = await prepared({ similar: [] });
  assert.deepEqual(outcome, { state: 'ready' });
  const about = { filename: 'beach.jpg', bytes: 10, content_type: 'image/jpeg' };
  assert.deepEqual(asked, [{ ...about, sha256: SHA256, phash: PHASH }]);
  assert.deepEqual(news, [
    { state: 'hashing' },
    { facts: { looked: { sha256: SHA256, phash: PHASH, content_type: 'image/jpeg' } } },
  ]);
});

test('tells what the gallery has already', async () => {
  const { outcome } = await prepared({ duplicate: true, image: image({ id: 'here' }) });
  assert.deepEqual(outcome.state === 'duplicate' && outcome.image.id, 'here');
});

test('tells what it looks like', async () => {
  const { outcome } = await prepared({ similar: [image({ id: 'like' })] });
  assert.deepEqual(outcome.state === 'similar' && outcome.similar[0]?.id, 'like');
});

test('does not look twice', async () => {
  const { asked, news } = await prepared({}, { looked: null, facts: { looked: { sha256: SHA256, phash: '' } } });
  assert.equal(asked[0]?.sha256, SHA256);
  assert.ok(!asked.some((question) => 'phash' in question));
  assert.ok(!news.some(({ state }) => state === 'hashing'));
});

test('sends what could not be looked at all the same', async () => {
  const { outcome, asked } = await prepared({}, { looked: { sha256: '', phash: '' } });
  assert.deepEqual([outcome, asked], [{ state: 'ready' }, []]);
});

test('says of a file that cannot be read any more what to do', async () => {
  const { outcome } = await prepared({}, { looked: null });
  assert.match(outcome.state === 'failed' ? outcome.reason : '', /beach\.jpg can no longer be read/);
});

test('hands on what the server refuses before it is sent', async () => {
  const detail = 'beach.jpg is 30 MB; at most 25 MB can be added.';
  const { outcome } = await prepared({ status: 413, code: 'too_large', title: 'Too large', detail });
  assert.deepEqual([outcome.state, outcome.state === 'failed' && outcome.reason], ['failed', detail]);
});

test('what the store would refuse is not asked about', async () => {
  const looked = { sha256: SHA256, phash: PHASH, width: 10_000, height: 3000 };
  const { outcome, asked } = await prepared({}, { looked });
  assert.deepEqual(asked, []);
  assert.deepEqual(outcome.state === 'failed' && [outcome.reason, outcome.again, outcome.retryable], [
    'beach.jpg has 30 megapixels; Cloudinary takes at most 25 megapixels. Save it smaller.',
    'never',
    false,
  ]);
});

test('a name that sounds like no picture does not decide', async () => {
  const { outcome } = await prepared({ status: 415, code: 'unsupported_format', detail: 'Send a JPEG.' });
  assert.deepEqual(outcome, { state: 'ready' });
});

test('asks again later when the server is away or busy', async () => {
  const busy = new ApiError({ title: 'Busy', status: 503, code: 'busy', detail: '' }, { retry_after_s: 7 });
  for (const error of [new UnreachableError(null), busy]) {
    const { outcome } = await prepared(error);
    assert.equal(outcome.state === 'failed' && outcome.again, 'all');
  }
});

test('goes on without an answer when asking is what fails', async () => {
  const error = new ApiError({ title: 'No', status: 422, code: 'invalid_input', detail: '' });
  assert.deepEqual((await prepared(error)).outcome, { state: 'ready' });
});
