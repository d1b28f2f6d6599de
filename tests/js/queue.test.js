/** @import { Prepare, Upload } from '../../static/js/types.js' */

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { UploadQueue } from '../../static/js/upload/queue.js';
import { QuickFile } from './fakes/files.js';
import { image } from './fakes/images.js';
import { FakeKeeper } from './fakes/keeper.js';
import { SETBACK, Sender, settled } from './fakes/sender.js';
import { factsOf } from './fakes/uploads.js';

/** @type {Sender} */
let server;
/** @type {Prepare} what is found out before a file is sent */
let prepare;
/** @type {FakeKeeper} */
let keeper;
/** @type {string[]} tickets */
let discarded;
/** @type {EventTarget} */
let network;
let isOnline = true;
/** @type {UploadQueue} */
let queue;
/** @type {string[]} every state that was told, as `name state` */
let told;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  server = new Sender();
  prepare = async () => ({ state: 'ready' });
  keeper = new FakeKeeper();
  discarded = [];
  network = new EventTarget();
  isOnline = true;
  queue = new UploadQueue({
    prepare: (task) => prepare(task),
    send: server.send,
    discard: (ticket) => discarded.push(ticket),
    keeper,
    maxParallel: 3,
    limits: { max_upload_bytes: 1000, max_pixels: 1e6, formats: ['JPEG', 'PNG'], store: null },
    isOnline: () => isOnline,
    network,
    random: () => 0,
  });
  told = [];
  queue.addEventListener('upload-change', (event) => {
    if (event instanceof CustomEvent) {
      const { name, state } = event.detail.upload;
      told.push(`${name} ${state}`);
    }
  });
});

/**
 * Adds JPEG files and waits until the first ones are on their way.
 *
 * @param {...string} names
 */
async function add(...names) {
  const uploads = queue.add(names.map((name) => new QuickFile(name)));
  await settled();
  return uploads.map(({ key }) => key);
}

/** @param {number} seconds */
async function pass(seconds) {
  mock.timers.tick(seconds * 1000);
  await settled();
}

/**
 * @param {string | undefined} key
 * @returns {Upload}
 */
function upload(key) {
  const found = queue.uploads.find((one) => one.key === key);
  assert.ok(found);
  return found;
}

test('tells a new upload before it is sent, with a preview', async () => {
  const [first] = queue.add([new QuickFile('a.jpg')]);
  assert.equal(first?.state, 'waiting');
  assert.match(first?.previewUrl ?? '', /^blob:/);
  assert.deepEqual(told, ['a.jpg waiting']);
  await settled();
  assert.equal(told.at(-1), 'a.jpg uploading');
});

test('sends at most so many at once, in the order of arrival', async () => {
  await add('a', 'b', 'c', 'd', 'e');
  assert.deepEqual(server.names, ['a', 'b', 'c']);
  await server.answer('b');
  assert.deepEqual(server.names, ['a', 'b', 'c', 'd']);
});

test('keeps the image that the server answered', async () => {
  const [key] = await add('a');
  await server.answer('a');
  assert.equal(upload(key).state, 'done');
  assert.equal(upload(key).image?.page, `/i/${'a'.repeat(22)}`);
});

test('tells a duplicate from a new image', async () => {
  const [key] = await add('a');
  await server.answer('a', 'duplicate');
  assert.equal(upload(key).state, 'duplicate');
  assert.ok(upload(key).image);
});

test('refuses what need not be sent, and says why', async () => {
  const uploads = queue.add([
    new QuickFile('poster.psd', new TextEncoder().encode('8BPS')),
    new QuickFile('none.jpg', new Uint8Array()),
    new QuickFile('a'),
  ]);
  await settled();
  assert.deepEqual(server.names, ['a']);
  const [poster, none] = uploads.map(({ key }) => upload(key));
  assert.equal(poster?.state, 'failed');
  assert.match(poster?.reason ?? '', /poster\.psd.*JPEG/);
  assert.equal(poster?.retryable, false);
  assert.match(none?.reason ?? '', /none\.jpg is empty/);
});

test('starts the next one at once when one is cancelled', async () => {
  const [first] = await add('a', 'b', 'c', 'd');
  queue.cancel(first ?? '');
  assert.deepEqual(server.names, ['a', 'b', 'c', 'd']);
  assert.equal(server.sent[0]?.signal.aborted, true);
});

test('does not hear the answer of a cancelled upload', async () => {
  const [key] = await add('a');
  queue.cancel(key ?? '');
  await server.answer('a');
  assert.equal(upload(key).state, 'cancelled');
});

test('does not send what was cancelled while it was looked at', async () => {
  const [first] = queue.add([new QuickFile('a')]);
  queue.cancel(first?.key ?? '');
  await settled();
  assert.deepEqual(server.names, []);
});

test('refuses a wrong move and names both states', async () => {
  const [key] = await add('a');
  await server.answer('a');
  assert.throws(() => queue.cancel(key ?? ''), /a is done: it cannot become cancelled/);
});

test('tries again by itself after 0, 1, 3, 5 and 10 seconds, then gives up with the reason', async () => {
  const [key] = await add('a');
  await server.fail('a', { again: 'file' });
  for (const [tries, delay_s] of [1, 3, 5, 10].entries()) {
    assert.equal(server.sent.length, tries + 2);
    await server.fail('a', { again: 'file' });
    assert.equal(upload(key).state, 'waiting');
    assert.equal(upload(key).reason, 'It did not work. Trying again by itself.');
    await pass(delay_s - 0.1);
    assert.equal(server.sent.length, tries + 2);
    await pass(0.1);
  }
  assert.equal(server.sent.length, 6);
  await server.fail('a', { again: 'file' });
  assert.equal(upload(key).state, 'failed');
  assert.equal(upload(key).reason, 'It did not work. Try again.');
  assert.equal(upload(key).retryable, true);
});

test('only what has arrived makes earlier troubles forgotten, not what has left the browser', async () => {
  const [key] = await add('a');
  for (let tries = 0; tries < 6; tries += 1) {
    server.open('a').tell({ passed: 500 });
    assert.equal(upload(key).sent, 500);
    server.open('a').tell({ sent: 0 });
    await server.fail('a', { again: 'file' });
    await pass(15);
  }
  assert.equal(upload(key).state, 'failed');
  await add('b');
  for (let tries = 0; tries < 8; tries += 1) {
    server.open('b').tell({ sent: tries + 1 });
    await server.fail('b', { again: 'file' });
    await pass(15);
  }
  assert.equal(server.open('b').name, 'b');
});

test('says which files come next, those that may be sent alone', async () => {
  await add('a', 'b', 'c', 'd', 'e');
  const next = () =>
    server
      .open('a')
      .next()
      .map(({ file }) => file.name);
  assert.deepEqual(next(), ['d', 'e']);
  await server.answer('b');
  assert.deepEqual(next(), ['e']);
});

test('keeps its key through every new try', async () => {
  const [key] = await add('a');
  await server.fail('a', { again: 'file' });
  await server.fail('a');
  queue.retry(key ?? '');
  assert.deepEqual(new Set(server.sent.map((one) => one.key)), new Set([key]));
  assert.equal(server.sent.length, 3);
});

test('sends others while one file waits for its new try', async () => {
  await add('a', 'b', 'c', 'd');
  await server.fail('a', { again: 'file', retry_after_s: 5 });
  assert.deepEqual(server.names, ['a', 'b', 'c', 'd']);
});

test('never gives up on a server that does not answer', async () => {
  const [key] = await add('a');
  for (const delay_s of [0, 1, 3, 5, 10, 10, 10]) {
    await server.fail('a', { again: 'all' });
    assert.equal(upload(key).state, delay_s === 0 ? 'uploading' : 'waiting');
    await pass(delay_s);
  }
  await server.answer('a');
  assert.equal(upload(key).state, 'done');
});

test('what arrives in between makes up for what went wrong before', async () => {
  const [key] = await add('a');
  for (const sent of [100, 200, 300, 400, 500, 600, 700]) {
    server.open('a').tell({ sent });
    await server.fail('a', { again: 'file' });
  }
  assert.equal(server.sent.length, 8);
  assert.deepEqual([upload(key).state, upload(key).sent], ['uploading', 700]);
});

test('holds everything back when the server asks for patience, and no longer than it asked', async () => {
  await add('a', 'b', 'c', 'd', 'e');
  await server.fail('a', { again: 'all', retry_after_s: 40 });
  await server.answer('b');
  await server.answer('c');
  assert.deepEqual(server.names, ['a', 'b', 'c']);
  await pass(39.9);
  assert.equal(server.sent.length, 3);
  await pass(0.1);
  assert.deepEqual(server.names, ['a', 'b', 'c', 'a', 'd', 'e']);
});

test('does not try again what cannot succeed', async () => {
  const [key] = await add('a');
  await server.fail('a', { retryable: false, mend: '' });
  await pass(60);
  assert.equal(server.sent.length, 1);
  assert.equal(upload(key).reason, 'It did not work.');
  assert.throws(() => queue.retry(key ?? ''), /cannot be tried again/);
});

test('tries every failed upload again that may succeed', async () => {
  await add('a', 'b', 'c');
  await server.fail('a');
  await server.fail('b', { retryable: false });
  await server.fail('c');
  queue.retryAll();
  assert.deepEqual(server.names, ['a', 'b', 'c', 'a', 'c']);
});

test('starts nothing while there is no connection, says so, and goes on by itself', async () => {
  isOnline = false;
  const [key] = await add('a');
  assert.deepEqual(server.names, []);
  assert.equal(upload(key).state, 'paused');
  assert.match(upload(key).reason, /No connection/);
  isOnline = true;
  network.dispatchEvent(new Event('online'));
  await settled();
  assert.deepEqual(server.names, ['a']);
  assert.equal(upload(key).reason, '');
});

test('stops what is on its way when the connection goes, and does not count that as a try', async () => {
  const [key] = await add('a');
  isOnline = false;
  network.dispatchEvent(new Event('offline'));
  assert.equal(server.sent[0]?.signal.aborted, true);
  assert.equal(upload(key).state, 'paused');
  await server.fail('a', { again: 'file' });
  assert.equal(upload(key).state, 'paused');
  isOnline = true;
  network.dispatchEvent(new Event('online'));
  assert.equal(server.sent.length, 2);
  await server.answer('a');
  assert.equal(upload(key).state, 'done');
});

test('does not wait out its delay once the connection is back', async () => {
  await add('a');
  await server.fail('a', { again: 'all' });
  await server.fail('a', { again: 'all', retry_after_s: 30 });
  network.dispatchEvent(new Event('online'));
  assert.equal(server.sent.length, 3);
});

test('is busy until everything has come to an end', async () => {
  assert.equal(queue.isBusy, false);
  await add('a', 'b');
  assert.equal(queue.isBusy, true);
  await server.answer('a');
  assert.equal(queue.isBusy, true);
  await server.fail('b');
  assert.equal(queue.isBusy, false);
});

test('says whether leaving the page would lose something', async () => {
  await add('a');
  assert.equal(queue.wouldLose, false);
  keeper.answer = 'full';
  await add('b');
  assert.equal(queue.wouldLose, true);
  await server.answer('b');
  assert.equal(queue.wouldLose, false);
});

test('says what it does before a file is sent', async () => {
  prepare = async ({ tell }) => {
    tell({ state: 'hashing' });
    return { state: 'ready' };
  };
  await add('a');
  const states = told.filter((state, at) => state !== told[at - 1]);
  assert.deepEqual(states, ['a waiting', 'a hashing', 'a waiting', 'a uploading']);
});

test('does not send what the gallery has already', async () => {
  prepare = async () => ({ state: 'duplicate', image: image() });
  const [key] = await add('a');
  assert.deepEqual(server.names, []);
  assert.deepEqual([upload(key).state, upload(key).image?.id], ['duplicate', 'a'.repeat(22)]);
});

test('asks again after a moment when asking failed, and sends nothing meanwhile', async () => {
  prepare = async () => ({ ...SETBACK, again: 'all', retry_after_s: 5 });
  const [key] = await add('a');
  assert.equal(upload(key).reason, 'It did not work. Trying again by itself.');
  prepare = async () => ({ state: 'ready' });
  await pass(5);
  assert.deepEqual(server.names, ['a']);
});

/** Adds files, of which all but the last look like an image of the gallery. */
async function addSimilar(/** @type {string[]} */ ...names) {
  prepare = async ({ file }) =>
    file.name === names.at(-1)
      ? { state: 'ready' }
      : { state: 'similar', similar: [image({ id: `like-${file.name}` })] };
  return add(...names);
}

test('what looks like another waits for a choice, without keeping the others', async () => {
  const [alike] = await addSimilar('a', 'b');
  assert.deepEqual(server.names, ['b']);
  assert.deepEqual([upload(alike).state, upload(alike).similar[0]?.id], ['similar', 'like-a']);
  await server.answer('b');
  assert.equal(queue.isBusy, false);
});

test('keep both adds it, replace puts it in place of the other, skip drops it', async () => {
  const [keep = '', replace = '', skip = ''] = await addSimilar('a', 'b', 'c', 'd');
  queue.choose(keep, 'keep');
  queue.choose(replace, 'replace');
  queue.choose(skip, 'skip');
  assert.deepEqual(server.names, ['d', 'a', 'b']);
  assert.deepEqual(
    server.sent.map(({ facts }) => facts.replaces),
    [null, null, 'like-b'],
  );
  assert.equal(upload(replace).replaces, 'like-b');
  assert.equal(upload(skip).state, 'cancelled');
});

test('one answer may do for all', async () => {
  await addSimilar('a', 'b', 'c');
  queue.chooseAll('keep');
  assert.deepEqual(server.names, ['c', 'a', 'b']);
});

test('a choice outlives the page', async () => {
  const [key = ''] = await addSimilar('a', 'b');
  queue.choose(key, 'replace');
  assert.deepEqual(keeper.kept.get(key)?.facts, factsOf({ replaces: 'like-a', isChosen: true, isBegun: true }));
});

test('what is said of a file goes with it', async () => {
  isOnline = false;
  const [first, second] = queue.add([new QuickFile('a'), new QuickFile('b')], ({ name }) => ({ tags: [name] }));
  await settled();
  queue.say(second?.key ?? '', { description: 'A bridge', tags: [] });
  isOnline = true;
  network.dispatchEvent(new Event('online'));
  await settled();
  assert.deepEqual(
    server.sent.map(({ facts }) => facts.told),
    [{ tags: ['a'] }, { description: 'A bridge', tags: [] }],
  );
  assert.deepEqual(upload(first?.key).told, { tags: ['a'] });
});

test('what is said too late waits until the file has arrived; a new try says the same as the first', async () => {
  const [key = ''] = await add('a');
  queue.say(key, { description: 'A bridge' });
  await server.fail('a', { again: 'file' });
  assert.deepEqual(server.sent[1]?.facts.told, {});
  await server.answer('a');
  assert.deepEqual(upload(key).later, { description: 'A bridge' });
});

test('keeps a file until the server has it', async () => {
  const [first = '', second = ''] = await add('a', 'b');
  assert.deepEqual([...keeper.kept.keys()], [first, second]);
  assert.equal(upload(first).keeping, 'kept');
  await server.answer('a');
  queue.cancel(second);
  assert.equal(keeper.kept.size, 0);
});

test('keeps what failed as long as trying again may help', async () => {
  const [first = ''] = await add('a', 'b');
  await server.fail('a');
  await server.fail('b', { retryable: false });
  assert.deepEqual([...keeper.kept.keys()], [first]);
  assert.equal(keeper.kept.get(first)?.facts.reason, 'It did not work. Try again.');
});

test('keeps what is found out on the way', async () => {
  const [key = ''] = await add('a');
  server.open('a').tell({ facts: { ticket: 't1' } });
  assert.equal(keeper.kept.get(key)?.facts.ticket, 't1');
});

test('goes on with what another page has left, under the same keys', async () => {
  prepare = async ({ file }) => (file.name === 'b' ? { state: 'ready' } : assert.fail('it was asked about before'));
  keeper.left = [
    { key: 'k1', file: new QuickFile('a'), facts: factsOf({ ticket: 't1' }) },
    { key: 'k2', file: new QuickFile('b'), facts: factsOf({ reason: 'The disk is full.' }) },
  ];
  await queue.restore();
  assert.deepEqual(
    server.sent.map(({ name, key, facts }) => [name, key, facts.ticket]),
    [['a', 'k1', 't1']],
  );
  assert.deepEqual([upload('k2').state, upload('k2').reason], ['failed', 'The disk is full.']);
  queue.retryAll();
  await settled();
  assert.equal(keeper.kept.get('k2')?.facts.reason, '');
});

test('lets the server forget what it has of a cancelled file', async () => {
  const [key = '', other = ''] = await add('a', 'b');
  server.open('a').tell({ facts: { ticket: 't1' } });
  queue.cancel(key);
  queue.cancel(other);
  assert.deepEqual(discarded, ['t1']);
});

test('frees the place of a cancelled file in the same moment', async () => {
  const [key = ''] = await add('a', 'b', 'c', 'd');
  queue.cancel(key);
  assert.deepEqual(server.names, ['a', 'b', 'c', 'd']);
});

test('forgets only what has come to an end', async () => {
  const [key] = await add('a');
  assert.throws(() => queue.forget(key ?? ''), /a is still uploading/);
  await server.answer('a');
  queue.forget(key ?? '');
  assert.deepEqual(queue.uploads, []);
  assert.throws(() => queue.forget(key ?? ''), /No upload has the key/);
});
