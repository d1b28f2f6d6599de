import assert from 'node:assert/strict';
import { test } from 'node:test';

import { factsOf } from '../../static/js/lib/facts.js';
import { image } from './fakes/images.js';

/** @param {Parameters<typeof image>[0]} facts */
function told(facts) {
  return Object.fromEntries(factsOf(image(facts)));
}

test('says size, format and store in people’s words', () => {
  const facts = told({ width: 1024, height: 772, bytes: 176_972, format: 'webp', store: 'cloudinary' });
  assert.equal(facts.Size, '1024 × 772, 173 kB');
  assert.equal(facts.Format, 'WebP');
  assert.equal(facts['Kept in'], 'Cloudinary');
});

test('says where an image waits, and what for', () => {
  assert.equal(told({ store: 'spool', moving_to: 'cloudinary' })['Kept in'], 'this server, on its way to Cloudinary');
});

test('says that the place is never shown', () => {
  assert.equal(told({}).Location, 'removed from what is shown');
});

test('leaves out what nobody knows', () => {
  assert.deepEqual(Object.keys(told({})), ['Added', 'Size', 'Format', 'Kept in', 'Location']);
});

test('says when and with what it was taken, a line each', () => {
  const facts = told({ taken_at: '2026-04-12T10:00:00Z', camera: { model: 'D90', lens: null, exposure: '1/250 s' } });
  assert.match(facts.Taken ?? '', /April 2026/);
  assert.equal(facts.Camera, 'D90\n1/250 s');
});
