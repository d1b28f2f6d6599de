import assert from 'node:assert/strict';
import { test } from 'node:test';

import { altOf, countOf, isSameAround, paddingFor, placeAfter, slideOf } from '../../static/js/lib/slides.js';
import { image, images } from './fakes/images.js';

/**
 * The letter of the image that the viewer stands on after its list has changed.
 *
 * @param {string} before
 * @param {string} after
 * @param {string} shown
 */
function standsOn(before, after, shown) {
  return after[placeAfter(images(before), images(after), shown.repeat(22))] ?? null;
}

test('stays on its image when others come before and behind it', () => {
  assert.equal(standsOn('bcd', 'abcde', 'c'), 'c');
});

test('goes to the next one when its image is gone', () => {
  assert.equal(standsOn('abcd', 'abd', 'c'), 'd');
});

test('goes to the one before when the last one is gone', () => {
  assert.equal(standsOn('abcd', 'abc', 'd'), 'c');
});

test('passes over others that are gone too', () => {
  assert.equal(standsOn('abcde', 'ae', 'c'), 'e');
  assert.equal(standsOn('abcde', 'a', 'c'), 'a');
});

test('stands nowhere when none is left', () => {
  assert.equal(placeAfter(images('abc'), images('xy'), 'b'.repeat(22)), -1);
});

test('knows whether the neighbours have changed', () => {
  const before = { images: images('abcdefg'), place: 3 };
  assert.equal(isSameAround(before, { images: images('abcdefghij'), place: 3 }), true);
  assert.equal(isSameAround(before, { images: images('xabcdefg'), place: 4 }), true);
  assert.equal(isSameAround(before, { images: images('abcdfg'), place: 3 }), false);
  const renamed = images('abcdefg').map((one, at) => (at === 4 ? { ...one, alt: 'A tree' } : one));
  assert.equal(isSameAround(before, { images: renamed, place: 3 }), false);
});

test('lays out the largest variant, and shows what the grid has until then', () => {
  const thumbnail = /** @type {HTMLImageElement} */ ({ complete: true, currentSrc: '/card' });
  const slide = slideOf(image({ alt: 'A tree' }), thumbnail);
  assert.deepEqual(
    [slide.width, slide.height, slide.src, slide.msrc, slide.alt],
    [2400, 1800, `/cdn/${'a'.repeat(22)}/2400`, '/card', 'A tree'],
  );
});

test('an image without alt text is called by its description', () => {
  assert.equal(altOf(image({ alt: 'Tree', description: 'Spring' })), 'Tree');
  assert.equal(altOf(image({ description: 'Spring' })), 'Spring');
  assert.equal(altOf(image()), 'Photo without a description');
});

test('counts what is there, and says when there is more', () => {
  const list = { images: images('abcd'), total: 45, capped: false };
  assert.equal(countOf(3, list), '4 of 45');
  assert.equal(countOf(3, { ...list, total: 1000, capped: true }), '4 of 1,000+');
  assert.equal(countOf(3, { ...list, total: 2 }), '4 of 4');
});

test('keeps room for bar and arrows, less where there is little', () => {
  assert.deepEqual(paddingFor({ x: 1440, y: 900 }), { top: 64, bottom: 64, left: 72, right: 72 });
  assert.deepEqual(paddingFor({ x: 390, y: 370 }), { top: 58, bottom: 12, left: 0, right: 0 });
});
