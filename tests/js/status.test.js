import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatAgo } from '../../static/js/lib/format.js';
import { describeStatus } from '../../static/js/lib/status.js';

const NOW = new Date('2026-11-25T12:00:00Z');
const WELL = {
  images: 1204,
  images_capped: false,
  store: 'local',
  ready: true,
  health: {},
  moving: { images: 0, refused: 0, problem: '' },
  audit: null,
};

test('moments are told by how long ago they were', () => {
  const ago = (/** @type {number} */ minutes) =>
    formatAgo(new Date(NOW.getTime() - minutes * 60_000).toISOString(), NOW);
  assert.deepEqual([-5, 0.5, 1, 59, 60, 47 * 60 + 59, 48 * 60].map(ago), [
    'just now',
    'just now',
    '1 min ago',
    '59 min ago',
    '1 h ago',
    '47 h ago',
    '2 days ago',
  ]);
});

test('a gallery that is well', () => {
  const audit = { audited_at: '2026-11-25T10:00:00Z', drift: 0, kinds: {} };
  const { words, bad } = describeStatus({ ...WELL, audit }, NOW);
  assert.deepEqual(words, {
    images: '1,204 photos',
    store: 'on this machine',
    moving: 'nothing waits for its store',
    audit: 'drift: 0, audited 2 h ago',
  });
  assert.deepEqual(bad, []);
});

test('before the first audit nothing is wrong', () => {
  const { words, bad } = describeStatus(WELL, NOW);
  assert.equal(words.audit, 'not audited yet');
  assert.deepEqual(bad, []);
});

test('drift and a store that does not answer are told by their names', () => {
  const audit = { audited_at: '2026-11-25T11:59:50Z', drift: 3, kinds: { missing: 2, altered: 1 } };
  const { words, bad } = describeStatus({ ...WELL, store: 'cloudinary', ready: false, audit }, NOW);
  assert.equal(words.store, 'at Cloudinary, where nothing can be added now');
  assert.equal(words.audit, 'drift: 3 (2 missing, 1 altered), audited just now');
  assert.deepEqual(bad, ['store', 'audit']);
});

test('a store that is away, and what waits for it', () => {
  const health = { cloudinary: { state: 'open' } };
  const moving = { images: 3, refused: 0, problem: '' };
  const { words, bad } = describeStatus({ ...WELL, store: 'cloudinary', health, moving }, NOW);
  assert.equal(words.store, 'at Cloudinary, which does not answer now');
  assert.equal(words.moving, '3 photos here, waiting for the store');
  assert.deepEqual(bad, []);
});

test('what the store refused is told with its reason', () => {
  const moving = { images: 3, refused: 2, problem: 'Too large.' };
  const { words, bad } = describeStatus({ ...WELL, moving }, NOW);
  assert.equal(words.moving, '3 photos here, waiting for the store; it refused 2: Too large.');
  assert.deepEqual(bad, ['moving']);
});
