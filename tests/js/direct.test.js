import assert from 'node:assert/strict';
import { afterEach, beforeEach, test } from 'node:test';

import { Direct } from '../../static/js/upload/direct.js';

const MINUTE_MS = 60_000;

let now_ms = 0;

beforeEach(() => {
  now_ms = 1_000_000;
  const kept = new Map();
  Object.defineProperty(globalThis, 'localStorage', {
    configurable: true,
    value: {
      getItem: (/** @type {string} */ name) => kept.get(name) ?? null,
      setItem: (/** @type {string} */ name, /** @type {string} */ value) => kept.set(name, value),
    },
  });
});

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'localStorage');
});

/** @param {string | null} store */
const direct = (store) => new Direct({ store, now: () => now_ms });

test('files go to the store where there is one to go to', () => {
  assert.equal(direct('s3').isOn, true);
  assert.equal(direct(null).isOn, false);
});

test('a store that was out of reach is tried again after half an hour', () => {
  const one = direct('s3');
  one.giveUp();
  assert.equal(one.isOn, false);
  assert.equal(one.lostUntil_ms, now_ms + 30 * MINUTE_MS);
  now_ms += 30 * MINUTE_MS;
  assert.equal(one.isOn, true);
});

test('other pages of the browser know of it, for that store alone', () => {
  direct('s3').giveUp();
  assert.equal(direct('s3').isOn, false);
  assert.equal(direct('cloudinary').isOn, true);
});

test('a browser that remembers nothing knows it for the page', () => {
  Reflect.deleteProperty(globalThis, 'localStorage');
  const one = direct('s3');
  one.giveUp();
  assert.equal(one.isOn, false);
});

test('a clock that was set back does not keep the store away for longer', () => {
  const one = direct('s3');
  one.giveUp();
  now_ms -= 24 * 60 * MINUTE_MS;
  assert.equal(one.isOn, true);
});
