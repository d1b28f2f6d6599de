/** @import { Facts, News } from '../../static/js/types.js' */

import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Direct } from '../../static/js/upload/direct.js';
import { Line } from '../../static/js/upload/line.js';
import { sendWith } from '../../static/js/upload/send.js';
import { image } from './fakes/images.js';
import { factsOf, taskOf } from './fakes/uploads.js';

const KIB = 1024;

/** @type {Line} */
let line;
/** @type {Direct} */
let direct;

beforeEach(() => {
  line = new Line();
  direct = new Direct({ store: null });
});

/**
 * Which way a file goes, and what is told of it.
 *
 * @param {number} bytes
 * @param {Partial<Facts>} [facts]
 */
async function wayOf(bytes, facts = {}) {
  /** @type {string[]} */
  const ways = [];
  /** @type {News[]} */
  const news = [];
  const way = (/** @type {string} */ name) => async () => {
    ways.push(name);
    return { state: /** @type {const} */ ('done'), image: image() };
  };
  const file = new File([new Uint8Array(bytes)], 'beach.jpg');
  const task = taskOf(file, { facts: factsOf(facts), tell: (each) => news.push(each) });
  await sendWith({ whole: way('whole'), ticketed: way('ticketed'), direct, line })(task);
  return [...ways, ...news];
}

test('a small file goes at once', async () => {
  assert.deepEqual(await wayOf(100 * KIB), ['whole', { facts: { isWhole: true } }]);
});

test('what the line does not carry in two seconds goes in slices, so that people see it move', async () => {
  assert.deepEqual(await wayOf(300 * KIB), ['ticketed']);
  line.learn(256 * KIB, 10);
  assert.deepEqual(await wayOf(300 * KIB), ['whole', { facts: { isWhole: true } }]);
});

test('more than 4 MiB goes in slices on any line', async () => {
  for (let quick = 0; quick < 6; quick += 1) {
    line.learn(line.request_bytes, 1);
  }
  assert.deepEqual(await wayOf(4096 * KIB), ['whole', { facts: { isWhole: true } }]);
  assert.deepEqual(await wayOf(4097 * KIB), ['ticketed']);
});

test('what was begun at once is tried again at once, or it might arrive twice', async () => {
  assert.deepEqual((await wayOf(300 * KIB, { isWhole: true }))[0], 'whole');
  direct = new Direct({ store: 's3' });
  assert.deepEqual((await wayOf(100 * KIB, { isWhole: true }))[0], 'whole');
});

test('what has a ticket goes on with it', async () => {
  assert.deepEqual(await wayOf(100 * KIB, { ticket: 't1' }), ['ticketed']);
});

test('any file goes to the store of the gallery by a ticket, and here while that is out of reach', async () => {
  direct = new Direct({ store: 's3' });
  assert.deepEqual(await wayOf(100 * KIB), ['ticketed']);
  direct.giveUp();
  assert.deepEqual((await wayOf(100 * KIB))[0], 'whole');
});
