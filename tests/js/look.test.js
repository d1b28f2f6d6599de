import assert from 'node:assert/strict';
import { test } from 'node:test';

import { lookWith } from '../../static/js/upload/look.js';
import { QuickFile } from './fakes/files.js';
import { settled } from './fakes/sender.js';

const { signal } = new AbortController();
const onStart = () => {};

/** A worker that a test answers for. */
class FakeWorker extends EventTarget {
  /** @type {File[]} */
  taken = [];
  isOver = false;

  /** @param {File} file */
  postMessage(file) {
    this.taken.push(file);
  }

  /** @param {unknown} data */
  answer(data) {
    this.dispatchEvent(new MessageEvent('message', { data }));
    return settled();
  }

  die() {
    this.dispatchEvent(new Event('error'));
    return settled();
  }

  terminate() {
    this.isOver = true;
  }

  get names() {
    return this.taken.map(({ name }) => name);
  }
}

/** @type {(worker: FakeWorker) => Worker} */
const asWorker = (worker) => /** @type {Worker} */ (/** @type {unknown} */ (worker));

/** @param {string} sha256 */
const looked = (sha256) => ({ sha256, phash: '' });

test('takes one file at a time, in their order, and says when each begins', async () => {
  const worker = new FakeWorker();
  const look = lookWith(() => asWorker(worker));
  /** @type {string[]} */
  const begun = [];
  const all = ['a', 'b'].map((name) => look(new QuickFile(name), { signal, onStart: () => begun.push(name) }));
  assert.deepEqual([worker.names, begun], [['a'], ['a']]);
  await worker.answer(looked('1'));
  assert.deepEqual(
    [worker.names, begun],
    [
      ['a', 'b'],
      ['a', 'b'],
    ],
  );
  await worker.answer(looked('2'));
  assert.deepEqual(await Promise.all(all), [looked('1'), looked('2')]);
});

test('says of a file that cannot be read that it cannot', async () => {
  const worker = new FakeWorker();
  const found = lookWith(() => asWorker(worker))(new QuickFile('gone'), { signal, onStart });
  await worker.answer(null);
  assert.equal(await found, null);
});

test('does not begin with what was cancelled while it waited', async () => {
  const worker = new FakeWorker();
  const look = lookWith(() => asWorker(worker));
  const stop = new AbortController();
  look(new QuickFile('a'), { signal, onStart });
  look(new QuickFile('b'), { signal: stop.signal, onStart });
  look(new QuickFile('c'), { signal, onStart });
  stop.abort();
  await worker.answer(looked('1'));
  assert.deepEqual(worker.names, ['a', 'c']);
});

test('a worker that dies costs the hash of one file; the next has a new one', async () => {
  /** @type {FakeWorker[]} */
  const workers = [];
  const look = lookWith(() => asWorker(workers[workers.push(new FakeWorker()) - 1] ?? new FakeWorker()));
  const first = look(new QuickFile('a'), { signal, onStart });
  const second = look(new QuickFile('b'), { signal, onStart });
  await workers[0]?.die();
  assert.deepEqual(await first, { sha256: '', phash: '' });
  assert.equal(workers[0]?.isOver, true);
  await workers[1]?.answer(looked('2'));
  assert.deepEqual(await second, looked('2'));
});

test('does without where there are no workers', async () => {
  const look = lookWith(() => {
    throw new TypeError('refused by a policy');
  });
  assert.deepEqual(await look(new QuickFile('a'), { signal, onStart }), { sha256: '', phash: '' });
});
