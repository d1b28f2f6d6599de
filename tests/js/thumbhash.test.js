import assert from 'node:assert/strict';
import { test } from 'node:test';

import { decodePlaceholder, isTransparent } from '../../static/js/lib/thumbhash.js';

// Made by gallery/imaging/placeholder.py from pictures drawn for this.
const RED_LEFT_BLUE_RIGHT = 'l6YCtKJ/dYmIiIiIiIiPiPiIeA==';
const GREEN_ABOVE_NOTHING = 'ziiBAgBYAAAAAAAAAAAAAHh4j4iIWIg=';
const FLAT_ORANGE = 'npsCBwAAAAAAAAAAAAAAAAAAAAAAAAAA';

/**
 * The colour at a point of a decoded placeholder, 0 to 1 across and down.
 *
 * @param {string} hash
 * @param {number} x
 * @param {number} y
 */
function colourAt(hash, x, y) {
  const picture = decodePlaceholder(hash);
  assert(picture);
  const at = (Math.floor(y * picture.height) * picture.width + Math.floor(x * picture.width)) * 4;
  const [red = 0, green = 0, blue = 0, alpha = 0] = picture.data.slice(at, at + 4);
  return { red, green, blue, alpha };
}

test('a flat colour comes back flat, and near what it was', () => {
  for (const x of [0, 0.5, 0.99]) {
    const { red, green, blue, alpha } = colourAt(FLAT_ORANGE, x, x);
    assert(
      Math.abs(red - 200) < 12 && Math.abs(green - 120) < 12 && Math.abs(blue - 40) < 12,
      `${red} ${green} ${blue}`,
    );
    assert.equal(alpha, 255);
  }
});

test('colours stand on the side where they were', () => {
  const left = colourAt(RED_LEFT_BLUE_RIGHT, 0.1, 0.5);
  const right = colourAt(RED_LEFT_BLUE_RIGHT, 0.9, 0.5);
  assert(left.red > 150 && left.blue < 100, JSON.stringify(left));
  assert(right.blue > 150 && right.red < 100, JSON.stringify(right));
});

test('what was transparent is', () => {
  assert(colourAt(GREEN_ABOVE_NOTHING, 0.5, 0.1).alpha > 200);
  assert(colourAt(GREEN_ABOVE_NOTHING, 0.5, 0.9).alpha < 60);
  assert(isTransparent(GREEN_ABOVE_NOTHING));
  assert(!isTransparent(FLAT_ORANGE));
});

test('the shape is kept: wide, tall, square', () => {
  const shapes = [RED_LEFT_BLUE_RIGHT, GREEN_ABOVE_NOTHING, FLAT_ORANGE].map((hash) => {
    const { width = 0, height = 0 } = decodePlaceholder(hash) ?? {};
    return Math.sign(width - height);
  });
  assert.deepEqual(shapes, [1, -1, 0]);
});

test('what is no ThumbHash is no picture', () => {
  for (const text of ['', 'AAAA', '%%%']) {
    assert.equal(decodePlaceholder(text), null, text);
    assert.equal(isTransparent(text), false);
  }
});
