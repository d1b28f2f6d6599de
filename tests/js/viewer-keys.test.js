import assert from 'node:assert/strict';
import { test } from 'node:test';

import { actionOf } from '../../static/js/lib/viewer-keys.js';

const none = { ctrlKey: false, altKey: false, metaKey: false, shiftKey: false };

const keys = {
  ArrowLeft: 'previous',
  ArrowRight: 'next',
  Home: 'first',
  End: 'last',
  Escape: 'close',
  z: 'zoom',
  i: 'panel',
  e: 'edit',
  Delete: 'delete',
};

for (const [key, action] of Object.entries(keys)) {
  test(`${key}: ${action}`, () => {
    assert.equal(actionOf({ ...none, key }), action);
  });

  for (const modifier of ['ctrlKey', 'altKey', 'metaKey']) {
    test(`${key} with ${modifier} is the browser's`, () => {
      assert.equal(actionOf({ ...none, key, [modifier]: true }), null);
    });
  }
}

test('Shift+D downloads, D alone does not', () => {
  assert.equal(actionOf({ ...none, key: 'D', shiftKey: true }), 'download');
  assert.equal(actionOf({ ...none, key: 'd' }), null);
});

test('keys work with Caps Lock on', () => {
  assert.equal(actionOf({ ...none, key: 'Z' }), 'zoom');
});
