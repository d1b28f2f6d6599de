import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Edits } from '../../static/js/lib/edits.js';
import { image } from './fakes/images.js';

const photo = image({ description: 'A tree', alt: 'Tree', tags: ['garden', 'spring'] });
const { id } = photo;

test('leaving a field as it was changes nothing', () => {
  const edits = new Edits();
  assert.equal(edits.commit(photo, 'description', 'A tree', 'A tree'), false);
  assert.equal(edits.next(id), null);
});

test('what was typed is sent once, and forgotten when it is saved', () => {
  const edits = new Edits();
  assert.equal(edits.commit(photo, 'description', 'A cherry', 'A tree'), true);
  assert.deepEqual(edits.next(id), { description: 'A cherry' });
  assert.equal(edits.next(id), null);
  assert.deepEqual(edits.saved(id), ['description']);
  assert.equal(edits.of(id).size, 0);
});

test('one request for an image runs at a time, the next takes what came meanwhile', () => {
  const edits = new Edits();
  edits.commit(photo, 'description', 'A cherry', 'A tree');
  edits.next(id);
  edits.commit(photo, 'alt', 'Cherry', 'Tree');
  edits.commit(photo, 'tags', ['garden'], photo.tags);
  assert.equal(edits.next(id), null);
  edits.saved(id);
  assert.deepEqual(edits.next(id), { alt: 'Cherry', tags: ['garden'] });
});

test('two images do not wait for each other', () => {
  const edits = new Edits();
  const other = image({ id: 'b'.repeat(22) });
  edits.commit(photo, 'alt', 'Cherry', 'Tree');
  edits.commit(other, 'alt', 'Sky', '');
  assert.ok(edits.next(id));
  assert.ok(edits.next(other.id));
});

test('a field that is changed again while it is sent is sent again', () => {
  const edits = new Edits();
  edits.commit(photo, 'description', 'A cherry', 'A tree');
  edits.next(id);
  edits.commit(photo, 'description', 'An old cherry', 'A cherry');
  assert.deepEqual(edits.saved(id), []);
  assert.deepEqual(edits.next(id), { description: 'An old cherry' });
});

test('the news of our own change, before its answer, is no clash', () => {
  const edits = new Edits();
  edits.commit(photo, 'description', 'A cherry', 'A tree');
  edits.next(id);
  const known = image({ ...photo, description: 'A cherry', version: 2 });
  edits.commit(known, 'description', 'An old cherry', 'A cherry');
  assert.equal(edits.of(id).get('description')?.state, 'waiting');
});

test('a failure keeps what was typed, with its reason, until the person insists', () => {
  const edits = new Edits();
  edits.commit(photo, 'description', 'A cherry', 'A tree');
  edits.next(id);
  edits.refused(id, 'The database does not answer.');
  const draft = edits.of(id).get('description');
  assert.deepEqual(
    [draft?.state, draft?.value, draft?.reason],
    ['failed', 'A cherry', 'The database does not answer.'],
  );
  assert.equal(edits.next(id), null);
  edits.insist(photo, 'description');
  assert.deepEqual(edits.next(id), { description: 'A cherry' });
});

test('a change of another field by somebody else does not disturb', () => {
  const edits = new Edits();
  edits.commit(photo, 'description', 'A cherry', 'A tree');
  edits.next(id);
  edits.refused(id, 'Changed in the meantime.', image({ ...photo, alt: 'By another', version: 2 }));
  assert.deepEqual(edits.next(id), { description: 'A cherry' });
});

test('a change of the same field by somebody else is for the person to decide', () => {
  const edits = new Edits();
  const newer = image({ ...photo, description: 'By another', version: 2 });
  edits.commit(photo, 'description', 'A cherry', 'A tree');
  edits.next(id);
  edits.refused(id, 'Changed in the meantime.', newer);
  const draft = edits.of(id).get('description');
  assert.deepEqual([draft?.state, draft?.value, draft?.base], ['clash', 'A cherry', 'By another']);
  assert.equal(edits.next(id), null);
  edits.insist(newer, 'description');
  assert.deepEqual(edits.next(id), { description: 'A cherry' });
});

test('a clash is seen before sending when the news was here first', () => {
  const edits = new Edits();
  const newer = image({ ...photo, description: 'By another', version: 2 });
  edits.commit(newer, 'description', 'A cherry', 'A tree');
  assert.equal(edits.of(id).get('description')?.state, 'clash');
});

test('somebody else writing the same is no clash', () => {
  const edits = new Edits();
  edits.commit(photo, 'description', 'A cherry', 'A tree');
  edits.next(id);
  edits.refused(id, 'Changed in the meantime.', image({ ...photo, description: 'A cherry', version: 2 }));
  assert.equal(edits.of(id).size, 0);
});

test('tags that two people change are joined', () => {
  const edits = new Edits();
  edits.commit(photo, 'tags', ['garden', 'tree'], photo.tags);
  edits.next(id);
  edits.refused(id, 'Changed in the meantime.', image({ ...photo, tags: ['spring', 'garden', 'april'], version: 2 }));
  assert.deepEqual(edits.next(id), { tags: ['garden', 'april', 'tree'] });
});

test('a discarded draft is gone, whatever the answer to it', () => {
  const edits = new Edits();
  edits.commit(photo, 'alt', 'Cherry', 'Tree');
  edits.next(id);
  edits.discard(id, 'alt');
  edits.refused(id, 'No.');
  assert.equal(edits.of(id).size, 0);
});
