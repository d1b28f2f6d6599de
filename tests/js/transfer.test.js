/** @import { Problem, Setback, Task } from '../../static/js/types.js' */

import assert from 'node:assert/strict';
import { mock, test } from 'node:test';

import { ApiError, UnreachableError } from '../../static/js/api.js';
import { Line } from '../../static/js/upload/line.js';
import { transferWith } from '../../static/js/upload/transfer.js';
import { LostFile, QuickFile } from './fakes/files.js';
import { image } from './fakes/images.js';
import { taskOf } from './fakes/uploads.js';

const file = new QuickFile('beach.jpg');
const { signal } = new AbortController();

/**
 * @param {File} sent
 * @param {AbortSignal} [cancel]
 * @returns {Task}
 */
function task(sent, cancel = signal) {
  return taskOf(sent, { key: 'k1', signal: cancel });
}

/**
 * What is said of a try that ended with this error.
 *
 * @param {unknown} error
 * @param {File} [sent]
 */
async function failure(error, sent = file) {
  const outcome = await transferWith(new Line(), () => Promise.reject(error))(task(sent));
  assert.equal(outcome.state, 'failed');
  return outcome;
}

/**
 * @param {number} status
 * @param {Partial<Problem>} [said]
 * @param {{ retry_after_s?: number }} [options]
 * @returns {Promise<Setback>}
 */
function answered(status, said = {}, options = {}) {
  return failure(new ApiError({ title: 'No', detail: '', code: 'x', status, ...said }, options));
}

test('hands on what the server answered', async () => {
  const send = transferWith(new Line(), async ({ file: sent, key }) => ({
    state: 'duplicate',
    image: image({ description: `${sent.name} ${key}` }),
  }));
  const outcome = await send(task(file));
  assert.equal(outcome.state, 'duplicate');
  assert.equal(outcome.image.description, 'beach.jpg k1');
});

test('what was sent says how much the line carries', async () => {
  mock.timers.enable({ apis: ['Date'] });
  const line = new Line();
  const arrival = { state: /** @type {const} */ ('done'), image: image() };
  const took = (/** @type {number} */ ms) => async () => {
    mock.timers.tick(ms);
    return arrival;
  };
  const large = new QuickFile('large.jpg', new Uint8Array(1024 ** 2));
  await transferWith(line, took(100))(task(large));
  assert.equal(line.request_bytes, 2 * 1024 ** 2);
  await transferWith(line, took(4000))(task(large));
  assert.equal(line.request_bytes, 512 * 1024);
  mock.timers.reset();
});

test('says what the server says, and nothing twice', async () => {
  const detail = 'beach.jpg is 30 MB; at most 25 MB can be added.';
  const { reason, mend, retryable, again } = await answered(413, { detail });
  assert.deepEqual({ reason, mend, retryable, again }, { reason: detail, mend: '', retryable: false, again: 'never' });
});

test('puts the name of the file before an answer that does not have it', async () => {
  const { reason } = await answered(422, { detail: 'The image is damaged.' });
  assert.equal(reason, 'beach.jpg: The image is damaged.');
});

test('says what is wrong with each field', async () => {
  const errors = { description: 'Keep it within 2,000 characters.' };
  const { reason } = await answered(422, { detail: 'Some of what was sent cannot be used.', errors });
  assert.equal(reason, 'beach.jpg: Some of what was sent cannot be used. Keep it within 2,000 characters.');
});

for (const status of [408, 425, 500]) {
  test(`tries the same file again after ${status}`, async () => {
    assert.equal((await answered(status)).again, 'file');
  });
}

for (const status of [429, 502, 503, 504]) {
  test(`holds every file back after ${status}, as long as the server asks`, async () => {
    const { again, retry_after_s } = await answered(status, {}, { retry_after_s: 40 });
    assert.deepEqual({ again, retry_after_s }, { again: 'all', retry_after_s: 40 });
  });
}

for (const status of [400, 404, 413, 415, 422]) {
  test(`does not try again after ${status}`, async () => {
    const { again, retryable } = await answered(status);
    assert.deepEqual({ again, retryable }, { again: 'never', retryable: false });
  });
}

for (const status of [401, 403, 507]) {
  test(`leaves it to the person to try again after ${status}`, async () => {
    const { again, retryable } = await answered(status);
    assert.deepEqual({ again, retryable }, { again: 'never', retryable: true });
  });
}

test('waits for its own first try while that is still worked on', async () => {
  assert.equal((await answered(409, { code: 'in_progress' })).again, 'file');
});

test('sends again what broke off on the way', async () => {
  assert.equal((await answered(400, { code: 'incomplete_body' })).again, 'file');
});

test('holds every file back when the server does not answer', async () => {
  const { reason, mend, again } = await failure(new UnreachableError(null));
  assert.equal(reason, 'beach.jpg could not be sent: the gallery does not answer.');
  assert.equal(mend, 'Check the connection, then try again.');
  assert.equal(again, 'all');
});

test('tells a file that has gone from a connection that has', async () => {
  const { reason, again, retryable } = await failure(new UnreachableError(null), new LostFile('gone.jpg'));
  assert.match(reason, /gone\.jpg can no longer be read/);
  assert.deepEqual({ again, retryable }, { again: 'never', retryable: false });
});

/** Lets time pass as it does while a page is awake. @param {number} seconds */
function pass(seconds) {
  for (let passed_s = 0; passed_s < seconds; passed_s += 5) {
    mock.timers.tick(5000);
  }
}

test('ends a request that has stalled, later for a larger file', async () => {
  mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const small = waitingTransfer(new QuickFile('small.jpg'));
  const large = waitingTransfer(new QuickFile('large.jpg', new Uint8Array(16_000 * 60)));
  pass(65);
  const outcome = await small.outcome;
  assert.equal(outcome.state, 'failed');
  assert.match(outcome.reason, /small\.jpg took too long/);
  assert.equal(outcome.again, 'file');
  assert.equal(large.isAborted(), false);
  pass(60);
  assert.equal(large.isAborted(), true);
  mock.timers.reset();
});

test('a night in which the computer sleeps is no stall', async () => {
  mock.timers.enable({ apis: ['setInterval', 'Date'] });
  const transfer = waitingTransfer(file);
  mock.timers.tick(8 * 3600 * 1000);
  assert.equal(transfer.isAborted(), false);
  pass(65);
  assert.equal(transfer.isAborted(), true);
  mock.timers.reset();
});

test('ends the request when it is cancelled', async () => {
  const stop = new AbortController();
  const transfer = waitingTransfer(file, stop.signal);
  stop.abort();
  assert.equal(transfer.isAborted(), true);
  await transfer.outcome;
});

/**
 * A transfer whose server never answers.
 *
 * @param {File} sent
 * @param {AbortSignal} [cancel]
 */
function waitingTransfer(sent, cancel = signal) {
  /** @type {AbortSignal | undefined} */
  let given;
  const send = transferWith(new Line(), (options) => {
    given = options.signal;
    return new Promise((_resolve, reject) => {
      options.signal.addEventListener('abort', () => reject(new DOMException('Aborted', 'AbortError')));
    });
  });
  return { outcome: send(task(sent, cancel)), isAborted: () => given?.aborted ?? false };
}
