import assert from 'node:assert/strict';
import { test } from 'node:test';

import { folderOf, isVisible, named } from '../../static/js/lib/picked.js';

const NOW = new Date(2026, 10, 8, 9, 5, 4);

test('a pasted picture is named with time and type', () => {
  assert.equal(
    named(new File(['x'], 'image.png', { type: 'image/png' }), NOW).name,
    'Pasted 2026-11-08 at 09.05.04.png',
  );
  assert.equal(
    named(new File(['x'], 'image.jpg', { type: 'image/jpeg' }), NOW).name,
    'Pasted 2026-11-08 at 09.05.04.jpg',
  );
});

test('those pasted together have names of their own', () => {
  const name = named(new File(['x'], 'image.png', { type: 'image/png' }), NOW, 1).name;
  assert.equal(name, 'Pasted 2026-11-08 at 09.05.04 (2).png');
});

/**
 * A file of a folder that was chosen.
 *
 * @param {string} path
 */
function inFolder(path) {
  return Object.assign(new File(['x'], path.split('/').at(-1) ?? ''), { webkitRelativePath: path });
}

test('a file of a folder knows the one that it lay in', () => {
  assert.equal(folderOf(inFolder('holiday/day two/beach.jpg')), 'day two');
  assert.equal(folderOf(inFolder('')), '');
});

test('what a folder hides is not added', () => {
  const paths = ['holiday/beach.jpg', 'holiday/.thumbs/beach.jpg', 'holiday/.DS_Store', ''];
  assert.deepEqual(
    paths.map((path) => isVisible(inFolder(path))),
    [true, false, false, true],
  );
});

test('a file that was copied keeps its name', () => {
  assert.equal(named(new File(['x'], 'beach.png', { type: 'image/png' }), NOW).name, 'beach.png');
  assert.equal(named(new File(['x'], 'notes.txt', { type: 'text/plain' }), NOW).name, 'notes.txt');
});
