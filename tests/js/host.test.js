import assert from 'node:assert/strict';
import { afterEach, test } from 'node:test';

import { canReachServer, randomKey } from '../../static/js/lib/host.js';

afterEach(() => {
  Reflect.deleteProperty(globalThis, 'navigator');
  Reflect.deleteProperty(globalThis, 'location');
});

/**
 * @param {string} hostname
 * @param {{ onLine: boolean }} navigator
 */
function visit(hostname, navigator) {
  Object.defineProperty(globalThis, 'navigator', { value: navigator, configurable: true });
  Object.defineProperty(globalThis, 'location', { value: { hostname }, configurable: true });
}

test('a gallery elsewhere is out of reach without a network', () => {
  visit('photos.example', { onLine: false });
  assert.equal(canReachServer(), false);
  visit('photos.example', { onLine: true });
  assert.equal(canReachServer(), true);
});

for (const hostname of ['localhost', '127.0.0.1', '[::1]']) {
  test(`a gallery on ${hostname} needs no network`, () => {
    visit(hostname, { onLine: false });
    assert.equal(canReachServer(), true);
  });
}

test('a name that only looks local does not count', () => {
  visit('localhost.example', { onLine: false });
  assert.equal(canReachServer(), false);
});

test('every key is another one', () => {
  assert.match(randomKey(), /^[0-9a-f]{32}$/);
  assert.notEqual(randomKey(), randomKey());
});
