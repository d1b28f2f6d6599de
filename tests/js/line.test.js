import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';

import { Line } from '../../static/js/upload/line.js';

const KIB = 1024;
const MIB = 1024 ** 2;

/** @type {Line} */
let line;

beforeEach(() => {
  line = new Line();
});

/** Makes quick requests, each as large as it may be, until they may be `bytes` large. @param {number} bytes */
function growTo(bytes) {
  while (line.request_bytes < bytes) {
    line.learn(line.request_bytes, 1);
  }
}

test('a line that nobody knows carries little', () => {
  assert.equal(line.request_bytes, 256 * KIB);
});

test('what went quickly may be twice as large the next time, up to 16 MiB', () => {
  line.learn(256 * KIB, 10);
  assert.equal(line.request_bytes, 512 * KIB);
  growTo(16 * MIB);
  line.learn(16 * MIB, 1);
  assert.equal(line.request_bytes, 16 * MIB);
});

test('a request is as large as the line carries in two seconds', () => {
  growTo(8 * MIB);
  line.learn(4_000_000, 4000); // 1 MB/s
  assert.equal(line.request_bytes, 2_000_000);
  line.learn(1_900_000, 1900);
  assert.equal(line.request_bytes, 2_000_000);
});

test('a line that hardly moves gets 256 KiB', () => {
  growTo(MIB);
  line.learn(MIB, MIB); // 1 kB/s
  assert.equal(line.request_bytes, 256 * KIB);
});

test('what was small and quick says nothing against the line', () => {
  growTo(8 * MIB);
  line.learn(10 * KIB, 300);
  assert.equal(line.request_bytes, 8 * MIB);
});
