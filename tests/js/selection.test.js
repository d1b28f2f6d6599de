import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Selection } from '../../static/js/lib/selection.js';

const ORDER = [...'abcdefgh'];

/** @param {Selection} selection */
function chosen(selection) {
  return selection.ids.sort().join('');
}

test('one after the other is selected, and taken out again', () => {
  const selection = new Selection();
  selection.toggle('c');
  selection.toggle('a');
  selection.toggle('c');
  assert.equal(chosen(selection), 'a');
  assert(selection.has('a'));
  assert.equal(selection.size, 1);
});

test('a range leads from the one chosen last, in both directions', () => {
  const selection = new Selection();
  selection.toggle('d');
  selection.extend('f', ORDER);
  assert.equal(chosen(selection), 'def');
  selection.extend('b', ORDER);
  assert.equal(chosen(selection), 'bcd');
});

test('what was selected before a range stays', () => {
  const selection = new Selection();
  selection.toggle('a');
  selection.toggle('d');
  selection.extend('f', ORDER);
  selection.extend('e', ORDER);
  assert.equal(chosen(selection), 'ade');
});

test('a range from one that was taken out selects it again', () => {
  const selection = new Selection();
  selection.toggle('b');
  selection.toggle('b');
  selection.extend('c', ORDER);
  assert.equal(chosen(selection), 'bc');
});

test('without a beginning, or from one that is not shown, a range is one image', () => {
  const selection = new Selection();
  selection.extend('c', ORDER);
  assert.equal(chosen(selection), 'c');
  selection.toggle('x');
  selection.extend('e', ORDER);
  assert.equal(chosen(selection), 'cex');
  selection.extend('f', ORDER);
  assert.equal(chosen(selection), 'cefx');
});

test('arrows begin a range where they are, unless one was begun', () => {
  const selection = new Selection();
  selection.startAt('b');
  selection.extend('c', ORDER);
  selection.startAt('c');
  selection.extend('d', ORDER);
  assert.equal(chosen(selection), 'bcd');
});

test('what has gone is not selected, nor comes back with a range', () => {
  const selection = new Selection();
  selection.add(['a', 'b']);
  selection.toggle('d');
  assert(selection.drop(['a', 'x']));
  assert(!selection.drop(['x']));
  selection.extend('e', ORDER);
  assert.equal(chosen(selection), 'bde');
});

test('cleared it begins anew', () => {
  const selection = new Selection();
  selection.toggle('b');
  selection.clear();
  assert.equal(selection.size, 0);
  assert.equal(selection.anchor, null);
  selection.extend('d', ORDER);
  assert.equal(chosen(selection), 'd');
});
