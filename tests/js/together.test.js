import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { UnreachableError } from '../../static/js/api.js';
import { together } from '../../static/js/upload/together.js';
import { settled } from './fakes/sender.js';

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
});

/** The time in which questions are gathered goes by. */
async function gather() {
  mock.timers.tick(250);
  await settled();
}

test('questions of the same moment go together, those that come soon after go next, 50 at most', async () => {
  /** @type {number[][]} */
  const requests = [];
  const ask = together(async (/** @type {number[]} */ questions) => {
    requests.push(questions);
    return questions.map((question) => 10 * question);
  });
  const first = [1, 2].map(ask);
  assert.deepEqual(await Promise.all(first), [10, 20]);
  const more = Array.from({ length: 60 }, (_each, at) => ask(at));
  await settled();
  assert.equal(requests.length, 1);
  await gather();
  await gather();
  assert.deepEqual(
    requests.map(({ length }) => length),
    [2, 50, 10],
  );
  assert.equal((await Promise.all(more)).at(-1), 590);
});

test('after a while the next question does not wait', async () => {
  const ask = together(async (/** @type {number[]} */ questions) => questions);
  assert.equal(await ask(1), 1);
  await gather();
  assert.equal(await ask(2), 2);
});

test('a request that fails fails all its questions, and the next one is asked', async () => {
  let fails = true;
  const ask = together(async (/** @type {number[]} */ questions) => {
    if (fails) {
      throw new UnreachableError(null);
    }
    return questions;
  });
  const both = await Promise.allSettled([ask(1), ask(2)]);
  assert.deepEqual(
    both.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  fails = false;
  await gather();
  assert.equal(await ask(3), 3);
});
