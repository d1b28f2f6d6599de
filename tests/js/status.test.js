/** @import { Migration, Plan, Status } from '../../static/js/types.js' */
/** @import { Sending } from '../../static/js/lib/status.js' */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { formatAgo } from '../../static/js/lib/format.js';
import { describeStatus } from '../../static/js/lib/status.js';

const HERE = { store: null, lostUntil_ms: null };
const NOW = new Date('2026-11-25T12:00:00Z');
/** @type {Status} */
const WELL = {
  images: 1204,
  images_capped: false,
  store: 'local',
  ready: true,
  health: {},
  moving: { images: 0, refused: 0, problem: '' },
  plans: {},
  migration: null,
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

/**
 * What is said of a gallery, line by line, and which lines are bad.
 *
 * @param {Partial<Status>} [more]
 * @param {Sending} [sending]
 */
function said(more = {}, sending = HERE) {
  const lines = describeStatus({ ...WELL, ...more }, { now: NOW, sending }).flatMap((group) => group.lines);
  const words = Object.fromEntries(lines.map(({ name, words: each }) => [name, each]));
  return { words, bad: lines.filter(({ isBad }) => isBad).map(({ name }) => name) };
}

test('a gallery that is well', () => {
  const audit = { audited_at: '2026-11-25T10:00:00Z', drift: 0, kinds: {} };
  const { words, bad } = said({ audit });
  assert.deepEqual(words, {
    Photos: '1,204 photos',
    Kept: 'on this machine',
    'On the way': 'nothing waits for its store',
    Audit: 'drift: 0, audited 2 h ago',
  });
  assert.deepEqual(bad, []);
});

test('before the first audit nothing is wrong', () => {
  const { words, bad } = said();
  assert.equal(words.Audit, 'not audited yet');
  assert.deepEqual(bad, []);
});

test('drift and a store that does not answer are told by their names', () => {
  const audit = { audited_at: '2026-11-25T11:59:50Z', drift: 3, kinds: { missing: 2, altered: 1 } };
  const { words, bad } = said({ store: 'cloudinary', ready: false, audit });
  assert.equal(words.Kept, 'at Cloudinary, where nothing can be added now');
  assert.equal(words.Audit, 'drift: 3 (2 missing, 1 altered), audited just now');
  assert.deepEqual(bad, ['Kept', 'Audit']);
});

test('a store that is away, and what waits for it', () => {
  const health = { cloudinary: { state: 'open' } };
  const moving = { images: 3, refused: 0, problem: '' };
  const { words, bad } = said({ store: 'cloudinary', health, moving });
  assert.equal(words.Kept, 'at Cloudinary, which does not answer now');
  assert.equal(words['On the way'], '3 photos here, waiting for the store');
  assert.deepEqual(bad, []);
});

test('what the store refused is told with its reason', () => {
  const { words, bad } = said({ moving: { images: 3, refused: 2, problem: 'Too large.' } });
  assert.equal(words['On the way'], '3 photos here, waiting for the store; it refused 2: Too large.');
  assert.deepEqual(bad, ['On the way']);
});

test('how files are sent, where there is a store to send them to', () => {
  assert.equal(said({}, { store: 's3', lostUntil_ms: null }).words.Sent, 'straight to an S3 bucket');
  const lost = { store: 'cloudinary', lostUntil_ms: new Date(2026, 10, 25, 14, 30).getTime() };
  const words = 'through this gallery until 14:30: Cloudinary was out of reach for this browser';
  assert.equal(said({}, lost).words.Sent, words);
});

/** @type {Migration} */
const MIGRATION = {
  from: 'local',
  to: 'cloudinary',
  back: false,
  state: 'running',
  ended_at: null,
  moved: 312,
  left: 892,
  refused: 0,
  eta_s: 290,
  problem: '',
};

/** @param {Partial<Migration>} more */
const moving = (more) => said({ migration: { ...MIGRATION, ...more } });

test('how far a migration is', () => {
  const [group] = describeStatus({ ...WELL, migration: MIGRATION }, { now: NOW, sending: HERE });
  const line = group?.lines.find(({ name }) => name === 'Moving');
  assert.equal(line?.words, '312 of 1,204 photos from this gallery to Cloudinary, about 5 min left');
  assert.equal(line?.share, 312 / 1204);
});

test('a migration that rests says why, one that is paused that it is', () => {
  const resting = moving({ problem: 'Cloudinary does not answer.', eta_s: null });
  const words = '312 of 1,204 photos from this gallery to Cloudinary, resting: Cloudinary does not answer.';
  assert.deepEqual([resting.words.Moving, resting.bad], [words, ['Moving']]);
  const paused = moving({ state: 'paused', eta_s: null });
  assert.deepEqual(
    [paused.words.Moving, paused.bad],
    ['312 of 1,204 photos from this gallery to Cloudinary, paused', []],
  );
});

test('a migration that is over says what stayed behind', () => {
  const done = { state: /** @type {const} */ ('done'), ended_at: '2026-11-25T09:00:00Z', eta_s: null };
  assert.deepEqual(
    moving({ ...done, moved: 1204, left: 0 }).words.Moving,
    '1,204 photos from this gallery to Cloudinary, ended 3 h ago',
  );
  const back = moving({ ...done, from: 'cloudinary', to: 'local', back: true, moved: 1201, left: 3, refused: 3 });
  const words = '1,201 photos from Cloudinary back to this gallery, ended 3 h ago; 3 not taken there';
  assert.deepEqual([back.words.Moving, back.bad], [words, ['Moving']]);
});

/** @param {Partial<Plan>} plan */
function ofCloudinary(plan) {
  const limits = { max_bytes: null, max_pixels: null, max_side: null };
  const plans = { cloudinary: { quotas: [], limits, problem: '', ...plan } };
  return describeStatus({ ...WELL, plans }, { now: NOW, sending: HERE })[1];
}

test('a store tells how much of its plan is used, and what it takes', () => {
  const group = ofCloudinary({
    quotas: [
      { name: 'credits', unit: '', used: 4.5, limit: 25 },
      { name: 'storage', unit: 'bytes', used: 12 * 1024 ** 3, limit: null },
    ],
    limits: { max_bytes: 10 * 1024 ** 2, max_pixels: 25e6, max_side: 12_000 },
  });
  assert.equal(group?.title, 'Cloudinary');
  assert.deepEqual(group?.lines, [
    { name: 'Credits', words: '4.5 of 25', isBad: false, share: 0.18 },
    { name: 'Storage', words: '12 GB', isBad: false, share: null },
    { name: 'One photo', words: 'at most 10 MB, 25 megapixels, 12,000 pixels a side', isBad: false, share: null },
  ]);
});

test('a plan that is nearly used up, or all of it, is told in words', () => {
  const used = (/** @type {number} */ amount) => {
    const line = ofCloudinary({ quotas: [{ name: 'images', unit: '', used: amount, limit: 100 }] })?.lines[0];
    return [line?.words, line?.isBad];
  };
  assert.deepEqual(used(89), ['89 of 100', false]);
  assert.deepEqual(used(90), ['90 of 100, nearly used up', true]);
  assert.deepEqual(used(131), ['131 of 100, used up', true]);
});

test('a store that does not tell says why; one that has nothing to tell is left out', () => {
  const group = ofCloudinary({ problem: 'Cloudinary does not take these keys.' });
  assert.deepEqual(group?.lines[0]?.words, 'Cloudinary does not take these keys.');
  assert.equal(ofCloudinary({}), undefined);
});
