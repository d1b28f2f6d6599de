/** @import { Upload } from '../../static/js/types.js' */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Batch } from '../../static/js/lib/batch.js';
import { upload } from './fakes/uploads.js';

/**
 * A batch that has heard all this.
 *
 * @param {Upload[]} uploads
 */
function batchOf(...uploads) {
  const batch = new Batch();
  for (const each of uploads) {
    batch.take(each);
  }
  return batch;
}

test('while files move, it says how many are through', () => {
  const batch = batchOf(upload('a', 'waiting'), upload('b', 'uploading'), upload('c', 'waiting'), upload('c', 'done'));
  assert.deepEqual([batch.isMoving, batch.title, batch.remark], [true, 'Adding 3 photos', '1 of 3']);
});

test('progress counts the bytes of files that are through', () => {
  const batch = batchOf(
    upload('a', 'uploading'),
    upload('b', 'uploading', { bytes: 300 }),
    upload('b', 'done', { bytes: 300 }),
  );
  assert.equal(batch.progress, 0.75);
});

test('progress counts what the server has of the others', () => {
  const batch = batchOf(upload('a', 'uploading', { sent: 50 }), upload('b', 'waiting', { bytes: 300 }));
  assert.equal(batch.progress, 0.125);
});

test('time left is told once enough of it has been seen', () => {
  let now = 0;
  const batch = new Batch(() => now);
  batch.take(upload('a', 'waiting'));
  batch.take(upload('b', 'waiting'));
  batch.take(upload('a', 'done'));
  assert.equal(batch.remark, '1 of 2');
  now = 20_000;
  assert.equal(batch.remark, '1 of 2 · 20 s left');
});

test('time left follows the line as it is now', () => {
  let now = 0;
  const batch = new Batch(() => now);
  const later = (/** @type {number} */ at_s, /** @type {number} */ sent) => {
    now = at_s * 1000;
    batch.take(upload('a', 'uploading', { bytes: 1000, sent }));
  };
  batch.take(upload('a', 'waiting', { bytes: 1000 }));
  later(60, 600);
  assert.equal(batch.remark, '0 of 1 · 40 s left');
  later(80, 620);
  later(100, 640);
  assert.equal(batch.remark, '0 of 1 · 6 min left');
});

test('without a connection it says that instead', () => {
  assert.equal(batchOf(upload('a', 'paused'), upload('b', 'paused')).remark, '0 of 2 · no connection');
});

test('what waits for a choice is said, and does not count as moving', () => {
  const batch = batchOf(upload('a', 'waiting'), upload('b', 'waiting'), upload('a', 'done'), upload('b', 'similar'));
  assert.equal(batch.isMoving, false);
  assert.deepEqual([batch.title, batch.remark], ['1 photo waits for you', '1 added']);
  assert.equal(batch.outcome, 'Done, 1 added, 1 waits for you');
  assert.equal(batch.isUnfinished, true);
});

test('what waits for a choice goes on with the next batch', () => {
  const batch = batchOf(upload('a', 'waiting'), upload('a', 'similar'), upload('b', 'waiting'), upload('a', 'waiting'));
  assert.equal(batch.title, 'Adding 2 photos');
});

test('at the end it says what became of all', () => {
  const batch = batchOf(
    upload('a', 'uploading'),
    upload('b', 'uploading'),
    upload('c', 'uploading'),
    upload('a', 'done'),
    upload('b', 'duplicate'),
    upload('c', 'failed', { retryable: true }),
  );
  assert.equal(batch.title, 'Added 1 photo');
  assert.equal(batch.remark, '1 not added, 1 here already');
  assert.equal(batch.outcome, 'Done, 1 added, 1 here already, 1 failed');
  assert.equal(batch.retryable, 1);
});

test('when nothing was added the title says so', () => {
  assert.equal(batchOf(upload('a', 'waiting'), upload('a', 'failed')).title, '1 photo not added');
  assert.equal(batchOf(upload('a', 'waiting'), upload('a', 'duplicate')).title, 'Already here');
});

test('words are taken as long as they reach any of them', () => {
  const here = upload('a', 'duplicate');
  assert.equal(batchOf(upload('a', 'waiting'), upload('b', 'waiting'), here).takesWords, true);
  assert.equal(batchOf(upload('a', 'waiting'), upload('b', 'waiting'), here, upload('b', 'done')).takesWords, true);
  assert.equal(batchOf(upload('a', 'waiting'), here).takesWords, false);
  assert.equal(batchOf(upload('a', 'waiting'), upload('a', 'failed')).takesWords, false);
});

test('a cancelled file does not count', () => {
  const batch = batchOf(upload('a', 'waiting'), upload('b', 'waiting'), upload('b', 'cancelled'));
  assert.equal(batch.title, 'Adding 1 photo');
});

test('a file that comes after all are through begins a new batch', () => {
  const batch = batchOf(upload('a', 'waiting'), upload('a', 'done'), upload('b', 'waiting'));
  assert.equal(batch.title, 'Adding 1 photo');
});

test('a failed file that is tried again moves the same batch', () => {
  const batch = batchOf(upload('a', 'waiting'), upload('b', 'waiting'), upload('a', 'done'), upload('b', 'failed'));
  batch.take(upload('b', 'waiting'));
  assert.equal(batch.title, 'Adding 2 photos');
});
