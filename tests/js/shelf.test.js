import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Shelf } from '../../static/js/lib/shelf.js';
import { image } from './fakes/images.js';
import { upload as uploadIn } from './fakes/uploads.js';

const upload = (/** @type {string} */ key) => uploadIn(key, 'uploading');

/**
 * An image that arrived on that day of November 2026.
 *
 * @param {string} id
 * @param {number} day
 */
function arrived(id, day) {
  return image({ id, created_at: `2026-11-${String(day).padStart(2, '0')}T10:00:00Z` });
}

/**
 * @param {Shelf} shelf
 */
function keys(shelf) {
  return shelf.entries.map(({ key }) => key).join(' ');
}

const FIRST_PAGE = {
  images: [arrived('f', 26), arrived('d', 24), arrived('b', 22)],
  next_cursor: 'older',
  counts: { total: 40, capped: false, months: { '2026-11': 20 } },
};
const WHOLE = { ...FIRST_PAGE, next_cursor: null };

test('images stand by month, with the count of all that arrived then', () => {
  const october = image({ id: 'o', created_at: '2026-10-31T23:59:59Z' });
  const months = { '2026-11': 20, '2026-10': 1 };
  const shelf = new Shelf({
    ...FIRST_PAGE,
    images: [...FIRST_PAGE.images, october],
    counts: { total: 21, capped: false, months },
  });
  assert.deepEqual(
    shelf.months.map(({ month, entries, count }) => [month, entries.length, count]),
    [
      ['2026-11', 3, 20],
      ['2026-10', 1, 1],
    ],
  );
});

test('a month that is counted to the cap says so', () => {
  const shelf = new Shelf({ ...FIRST_PAGE, counts: { total: 1000, capped: true, months: { '2026-11': 1000 } } });
  assert.equal(shelf.months[0]?.capped, true);
  shelf.add(arrived('z', 28));
  assert.deepEqual([shelf.counts.total, shelf.months[0]?.count], [1000, 1000]);
});

test('the next page goes to the end; what is there already is not shown twice', () => {
  const shelf = new Shelf(FIRST_PAGE);
  shelf.append({ images: [arrived('b', 22), arrived('a', 21)], next_cursor: null });
  assert.equal(keys(shelf), 'f d b a');
});

test('a new image goes where its arrival belongs', () => {
  const shelf = new Shelf(WHOLE);
  for (const each of [arrived('e', 25), arrived('g', 27), arrived('a', 21)]) {
    shelf.add(each);
  }
  assert.equal(keys(shelf), 'g f e d b a');
  assert.equal(shelf.counts.total, 43);
});

test('an image whose place is not loaded yet is counted, not shown', () => {
  const shelf = new Shelf(FIRST_PAGE);
  shelf.add(arrived('a', 21));
  assert.equal(keys(shelf), 'f d b');
  assert.equal(shelf.counts.total, 41);
});

test('a list that begins in the middle takes nothing newer', () => {
  const shelf = new Shelf(FIRST_PAGE, { fromNewest: false });
  shelf.add(arrived('g', 27));
  shelf.add(arrived('e', 25));
  assert.equal(keys(shelf), 'f e d b');
});

test('the same image again takes the place of the one before', () => {
  const shelf = new Shelf(WHOLE);
  shelf.add({ ...arrived('d', 24), description: 'Newer' });
  assert.equal(keys(shelf), 'f d b');
  assert.equal(shelf.find('d')?.image?.description, 'Newer');
  assert.equal(shelf.counts.total, 40);
});

test('what was taken out comes back to its place', () => {
  const shelf = new Shelf(WHOLE);
  const taken = shelf.find('d')?.image;
  shelf.remove(new Set(['d', 'nobody']));
  assert.equal(keys(shelf), 'f b');
  assert.equal(shelf.counts.total, 39);
  assert(taken);
  shelf.add(taken);
  assert.equal(keys(shelf), 'f d b');
  assert.equal(shelf.counts.total, 40);
});

test('a file on its way stands in front, and becomes the image in the same place', () => {
  const shelf = new Shelf(WHOLE);
  shelf.addPending([
    { upload: upload('one'), size: { width: 3, height: 2 } },
    { upload: upload('two'), size: { width: 2, height: 3 } },
  ]);
  assert.equal(keys(shelf), 'two one f d b');
  assert.equal(shelf.counts.total, 40);
  shelf.settle('one', arrived('g', 27));
  assert.equal(keys(shelf), 'two one f d b');
  assert.equal(shelf.find('g')?.key, 'one');
  assert.equal(shelf.counts.total, 41);
});

test('an image that the live stream brought first is not shown twice', () => {
  const shelf = new Shelf(WHOLE);
  shelf.addPending([{ upload: upload('one'), size: { width: 3, height: 2 } }]);
  shelf.add(arrived('g', 27));
  shelf.settle('one', arrived('g', 27));
  assert.equal(keys(shelf), 'one f d b');
  assert.equal(shelf.counts.total, 41);
});

test('a file that will not arrive leaves no trace', () => {
  const shelf = new Shelf(WHOLE);
  shelf.addPending([{ upload: upload('one'), size: { width: 3, height: 2 } }]);
  shelf.drop('one');
  assert.equal(keys(shelf), 'f d b');
  assert.equal(shelf.settle('one', arrived('g', 27)), null);
});

test('files on their way move to the next list', () => {
  const shelf = new Shelf(WHOLE);
  shelf.addPending([{ upload: upload('one'), size: { width: 3, height: 2 } }]);
  const next = new Shelf({ images: [arrived('b', 22)], next_cursor: null }, { pending: shelf.pending });
  assert.equal(keys(next), 'one b');
});
