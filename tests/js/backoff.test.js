import assert from 'node:assert/strict';
import { test } from 'node:test';

import { retryDelay, streamDelay } from '../../static/js/lib/backoff.js';

const early = () => 0;
const late = () => 1;

test('waits 0, 1, 3, 5 and 10 seconds, then gives up', () => {
  const delays = [0, 1, 2, 3, 4, 5].map((tries) => retryDelay(tries, { random: early }));
  assert.deepEqual(delays, [0, 1000, 3000, 5000, 10_000, null]);
});

test('what lasts is tried again for good, in steps of ten seconds', () => {
  const delays = [4, 5, 100].map((tries) => retryDelay(tries, { isLasting: true, random: early }));
  assert.deepEqual(delays, [10_000, 10_000, 10_000]);
});

test('never comes earlier than the server asked', () => {
  assert.equal(retryDelay(0, { retry_after_s: 40, random: early }), 40_000);
  assert.equal(retryDelay(4, { retry_after_s: 2, random: early }), 10_000);
});

test('spreads many pages over a quarter of the wait', () => {
  assert.equal(retryDelay(2, { random: late }), 3750);
  assert.equal(streamDelay(1, { random: late }), 2500);
});

test('never gives a stream up', () => {
  assert.equal(streamDelay(1000, { random: early }), 30_000);
});
