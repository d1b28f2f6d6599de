/** @import { Facts, News, Send, Task } from '../../static/js/types.js' */

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { UnreachableError } from '../../static/js/api.js';
import { TicketDesk } from '../../static/js/upload/desk.js';
import { Direct } from '../../static/js/upload/direct.js';
import { Line } from '../../static/js/upload/line.js';
import { slicesWith } from '../../static/js/upload/slices.js';
import { ticketedWith } from '../../static/js/upload/ticketed.js';
import { image } from './fakes/images.js';
import { FakeReceiver, problem } from './fakes/receiver.js';
import { factsOf, taskOf } from './fakes/uploads.js';

const MIB = 1024 ** 2;

/** @type {FakeReceiver} */
let server;
/** @type {Line} */
let line;
/** @type {News[]} */
let news;
/** @type {AbortController} */
let stop;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['Date'] });
  server = new FakeReceiver();
  line = new Line();
  line.learn(MIB / 2, 1); // carries at least twice as much
  news = [];
  stop = new AbortController();
});

/**
 * @param {number} bytes
 * @param {Partial<Facts>} [facts]
 * @returns {Task}
 */
function task(bytes, facts = {}) {
  const file = new File([new Uint8Array(bytes)], 'beach.jpg', { type: 'image/jpeg' });
  return taskOf(file, { facts: factsOf(facts), signal: stop.signal, tell: (each) => news.push(each) });
}

/** A gallery of which files come here. @returns {Send} */
function sender() {
  const { calls } = server;
  const direct = new Direct({ store: null });
  const desk = new TicketDesk({ askAll: calls.askForTickets, giveBack: calls.cancelUpload, direct });
  const form = () => assert.fail('there is no store to send to');
  return ticketedWith({ calls, desk, direct, slices: slicesWith(line, calls), form });
}

const send = (/** @type {Task} */ one) => sender()(one);

const sent = () => news.flatMap(({ sent: bytes }) => bytes ?? []);

test('sends a file slice by slice, and says how much the server has', async () => {
  const outcome = await send(task(5 * MIB));
  assert.equal(outcome.state, 'done');
  assert.deepEqual(server.slices, [MIB, 2 * MIB, 2 * MIB]);
  assert.deepEqual(sent(), [0, MIB, 3 * MIB, 5 * MIB]);
  assert.deepEqual(news.at(-1), { state: 'processing' });
});

test('tells the server all it knows of the file, and remembers the ticket', async () => {
  const looked = { sha256: 'ab'.repeat(32), phash: '' };
  await send(task(5 * MIB, { looked, told: { description: 'A beach', tags: ['sea'] }, replaces: 'other' }));
  assert.deepEqual(server.begun, [
    {
      filename: 'beach.jpg',
      bytes: 5 * MIB,
      content_type: 'image/jpeg',
      sha256: looked.sha256,
      description: 'A beach',
      tags: ['sea'],
      replaces: 'other',
    },
  ]);
  assert.deepEqual(news[0], { facts: { ticket: 't1', form: null } });
});

test('what is learned of the line by one file serves the next', async () => {
  server.took_ms = (bytes) => bytes / 1000; // a line of 1 MB/s
  await send(task(5 * MIB));
  assert.deepEqual(server.slices.slice(0, 3), [MIB, 2_000_000, 2_000_000]);
  server.slices = [];
  await send(task(2 * MIB));
  assert.equal(server.slices[0], 2_000_000);
});

test('goes on from where the server is', async () => {
  server.offsets.set('old', 3 * MIB);
  const outcome = await send(task(4 * MIB, { ticket: 'old' }));
  assert.equal(outcome.state, 'done');
  assert.deepEqual([server.begun, server.slices], [[], [MIB]]);
  assert.deepEqual(sent(), [3 * MIB, 4 * MIB]);
});

test('what has arrived whole is not sent again', async () => {
  server.offsets.set('old', 4 * MIB);
  assert.equal((await send(task(4 * MIB, { ticket: 'old' }))).state, 'done');
  assert.deepEqual(server.slices, []);
});

test('begins anew when the server has forgotten', async () => {
  const outcome = await send(task(MIB, { ticket: 'gone' }));
  assert.equal(outcome.state, 'done');
  assert.deepEqual(news.slice(0, 2), [{ facts: { ticket: null }, sent: 0 }, { facts: { ticket: 't1', form: null } }]);
});

test('a connection that breaks costs one slice: the queue tries again from the offset', async () => {
  const slices = sender();
  server.offsets.set('old', MIB);
  server.troubles = [new UnreachableError(null)];
  const broken = await slices(task(3 * MIB, { ticket: 'old' }));
  assert.equal(broken.state === 'failed' && broken.again, 'all');
  assert.equal((await slices(task(3 * MIB, { ticket: 'old' }))).state, 'done');
  assert.deepEqual(sent(), [MIB, MIB, 2 * MIB, 3 * MIB]);
});

for (const status of [404, 409, 410, 423, 460]) {
  test(`finds its place again by itself after ${status}`, async () => {
    server.troubles = [problem(status)];
    const outcome = await send(task(MIB));
    assert.deepEqual([outcome.state, outcome.state === 'failed' && outcome.again], ['failed', 'file']);
  });
}

test('a file that is too large is not tried again', async () => {
  server.troubles = [problem(413)];
  const outcome = await send(task(MIB));
  assert.deepEqual(outcome.state === 'failed' && [outcome.again, outcome.reason], ['never', 'beach.jpg: Not so.']);
});

test('what is here already when it is to be sent is told so', async () => {
  server.reply = { duplicate: true, image: image() };
  assert.equal((await send(task(MIB))).state, 'duplicate');
  assert.deepEqual(server.slices, []);
});

test('waits while the server looks at the picture', async () => {
  server.ends = [{ status: 'processing' }, { status: 'ready', image: image(), duplicate: true }];
  assert.equal((await send(task(MIB))).state, 'duplicate');
});

test('says why the picture was refused, and would begin anew', async () => {
  const refused = { title: 'Broken', status: 422, code: 'broken_image', detail: 'beach.jpg is damaged.' };
  server.ends = [{ status: 'failed', problem: refused }];
  const outcome = await send(task(MIB));
  assert.deepEqual(outcome.state === 'failed' && [outcome.reason, outcome.retryable], [refused.detail, false]);
  assert.deepEqual(news.at(-1), { facts: { ticket: null, form: null }, sent: 0 });
});

test('a ticket that comes after its file was cancelled is given back', async () => {
  const sending = send(task(MIB));
  stop.abort();
  await sending;
  assert.deepEqual([server.cancelled, server.slices, news], [['t1'], [], []]);
});
