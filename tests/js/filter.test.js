import assert from 'node:assert/strict';
import { test } from 'node:test';

import { addressOf, meets, parseFilter, sameFilter } from '../../static/js/lib/filter.js';

const CHERRY = { description: 'The old cherry behind the mill', alt: 'Tree in blossom', tags: ['garden', 'März'] };

test('an address and its filter say the same', () => {
  for (const address of ['/', '/?q=old+mill', '/?tag=a%26b&tag=c', '/?q=x&tag=y', '/?status=trashed&q=x']) {
    assert.equal(addressOf(parseFilter(new URL(address, 'http://x').searchParams)), address);
  }
});

test('an address can lead into the middle of a list', () => {
  assert.equal(addressOf({ q: 'mill', tags: [] }, 'c1'), '/?q=mill&cursor=c1');
});

test('filters are the same when they ask for the same', () => {
  assert(sameFilter({ q: 'a', tags: ['b'] }, { q: 'a', tags: ['b'] }));
  assert(!sameFilter({ q: 'a', tags: [] }, { q: '', tags: ['a'] }));
});

test('an address of the gallery says nothing of the trash', () => {
  assert.deepEqual(parseFilter(new URLSearchParams('status=ready')), { q: '', tags: [] });
  assert(!sameFilter({ q: '', tags: [] }, { q: '', tags: [], trashed: true }));
});

test('all words must be there, in the description, the alt text or the tags', () => {
  assert(meets(CHERRY, { q: 'blossom mill garden', tags: [] }));
  assert(!meets(CHERRY, { q: 'blossom sea', tags: [] }));
});

test('the last word may be the beginning of one', () => {
  assert(meets(CHERRY, { q: 'old che', tags: [] }));
  assert(!meets(CHERRY, { q: 'che old', tags: [] }));
});

test('case and accents do not matter', () => {
  assert(meets(CHERRY, { q: 'CHERRY marz', tags: [] }));
});

test('all tags must be there', () => {
  assert(meets(CHERRY, { q: '', tags: ['garden'] }));
  assert(!meets(CHERRY, { q: '', tags: ['garden', 'sea'] }));
});

test('everything meets no filter', () => {
  assert(meets({ description: '', alt: '', tags: [] }, { q: '', tags: [] }));
});
