import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  countPhotos,
  formatBytes,
  formatDuration,
  formatMonth,
  formatWait,
  monthOf,
} from '../../static/js/lib/format.js';

test('sizes have one decimal below ten', () => {
  const sizes = [0, 512, 1023, 1024, 1536, 9.96 * 1024, 177_152, 4_089_446, 26_214_400, 5 * 1024 ** 3];
  const words = ['0 bytes', '512 bytes', '1023 bytes', '1 kB', '1.5 kB', '10 kB', '173 kB', '3.9 MB', '25 MB', '5 GB'];
  assert.deepEqual(sizes.map(formatBytes), words);
});

test('a size never says 1024 of a unit', () => {
  assert.equal(formatBytes(1024 * 1024 - 1), '1 MB');
});

test('photos are counted in words', () => {
  assert.equal(countPhotos(0), '0 photos');
  assert.equal(countPhotos(1), '1 photo');
  assert.equal(countPhotos(1204), '1,204 photos');
  assert.equal(countPhotos(1000, { capped: true }), '1,000+ photos');
});

test('a month is the one of the server, in UTC', () => {
  assert.equal(monthOf('2026-11-01T00:30:00+01:00'), '2026-10');
  assert.equal(formatMonth('2026-10'), 'October 2026');
});

test('time left is rounded up, and never too exact', () => {
  assert.deepEqual([0, 12, 59, 61, 3599, 3601].map(formatDuration), ['5 s', '15 s', '60 s', '2 min', '60 min', '2 h']);
});

test('a wait is told in days, begun ones whole', () => {
  const now = new Date('2026-11-25T12:00:00Z');
  const moments = ['2026-12-25T11:59:59Z', '2026-11-27T12:00:01Z', '2026-11-25T12:00:01Z', '2026-11-24T00:00:00Z'];
  assert.deepEqual(
    moments.map((moment) => formatWait(moment, now)),
    ['in 30 days', 'in 3 days', 'in 1 day', 'today'],
  );
});
