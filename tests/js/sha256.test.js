import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import { test } from 'node:test';

import { Sha256 } from '../../static/js/lib/sha256.js';

/** @param {...Uint8Array} pieces */
function digestOf(...pieces) {
  const hash = new Sha256();
  for (const piece of pieces) {
    hash.update(piece);
  }
  return hash.digest();
}

test('is the hash that the standard gives for its own examples', () => {
  const letters = (/** @type {string} */ text) => new TextEncoder().encode(text);
  assert.equal(digestOf(), 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
  assert.equal(digestOf(letters('abc')), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
  assert.equal(
    digestOf(letters('abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq')),
    '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
  );
});

test('is the same as that of the system, whatever the length', () => {
  const bytes = randomBytes(200);
  for (let length = 0; length <= bytes.length; length += 1) {
    const piece = bytes.subarray(0, length);
    assert.equal(digestOf(piece), createHash('sha256').update(piece).digest('hex'), `${length} bytes`);
  }
});

test('is the same however the bytes are cut into pieces', () => {
  const bytes = randomBytes(1000);
  const whole = createHash('sha256').update(bytes).digest('hex');
  for (const size of [1, 7, 63, 64, 65, 128, 999]) {
    const pieces = Array.from({ length: Math.ceil(1000 / size) }, (_piece, at) =>
      bytes.subarray(at * size, (at + 1) * size),
    );
    assert.equal(digestOf(...pieces), whole, `pieces of ${size}`);
  }
});
