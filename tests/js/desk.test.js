/** @import { Facts, Task } from '../../static/js/types.js' */

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { TicketDesk } from '../../static/js/upload/desk.js';
import { Direct } from '../../static/js/upload/direct.js';
import { image } from './fakes/images.js';
import { FakeReceiver, problem } from './fakes/receiver.js';
import { settled } from './fakes/sender.js';
import { factsOf, taskOf } from './fakes/uploads.js';

/** @type {FakeReceiver} */
let server;
/** @type {Direct} */
let direct;
/** @type {TicketDesk} */
let desk;
/** @type {Task[]} files that wait for their turn, in order */
let waiting;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  server = new FakeReceiver();
  server.form = {};
  direct = new Direct({ store: 's3' });
  desk = new TicketDesk({ askAll: server.calls.askForTickets, giveBack: server.calls.cancelUpload, direct });
  waiting = [];
});

/**
 * So many files wait for their turn: `1.jpg`, `2.jpg`, …
 *
 * @param {number} count
 * @param {Partial<Facts>} [facts]
 */
function wait(count, facts = {}) {
  waiting = Array.from({ length: count }, (_each, at) =>
    taskOf(new File(['x'], `${at + 1}.jpg`), { key: `k${at + 1}`, facts: factsOf(facts), next: () => waiting }),
  );
}

/** The turn of the first one has come. */
async function turn() {
  const task = /** @type {Task} */ (waiting.shift());
  const given = await desk.ticketFor(task);
  assert.ok('method' in given);
  return given;
}

/** The names in each call for tickets. */
const asked = () => server.asked.map((files) => files.map(({ filename }) => filename));

test('files that go to the store get their tickets together with those that come next', async () => {
  wait(50);
  await Promise.all([turn(), turn(), turn()]);
  assert.deepEqual(
    asked().map((names) => names.length),
    [20],
  );
  for (let at = 0; at < 17; at += 1) {
    await turn();
  }
  assert.equal(server.asked.length, 1);
  await turn();
  assert.deepEqual(asked()[1]?.slice(0, 2), ['21.jpg', '22.jpg']);
});

test('each gets its own ticket', async () => {
  wait(3);
  assert.deepEqual([(await turn()).id, (await turn()).id, (await turn()).id], ['t1', 't2', 't3']);
});

test('files that come here are asked for when it is their turn', async () => {
  direct.giveUp();
  wait(3);
  await turn();
  assert.deepEqual(asked(), [['1.jpg']]);
  assert.equal(server.begun[0]?.method, 'tus');
});

test('a ticket that ran out while its file waited is given back for another', async () => {
  wait(2);
  await turn();
  mock.timers.tick(15 * 60_000);
  assert.equal((await turn()).id, 't3');
  assert.deepEqual(server.cancelled, ['t2']);
});

test('a file of which something else is said gets another ticket', async () => {
  wait(2);
  await turn();
  const [second] = waiting;
  waiting = [{ .../** @type {Task} */ (second), facts: factsOf({ told: { description: 'A beach' } }) }];
  await turn();
  assert.deepEqual(server.cancelled, ['t2']);
  assert.equal(server.begun.at(-1)?.description, 'A beach');
});

test('when the store is given up, its tickets are not used', async () => {
  wait(2);
  await turn();
  direct.giveUp();
  assert.equal((await turn()).method, 'tus');
  assert.deepEqual(server.cancelled, ['t2']);
});

test('tickets of files that are gone are given back', async () => {
  wait(3);
  await turn();
  wait(1);
  await turn();
  await settled();
  assert.deepEqual(server.cancelled.toSorted(), ['t2', 't3']);
});

test('a call stays within what the server reads', async () => {
  wait(20, { told: { description: 'ß'.repeat(2000) } });
  await turn();
  const [files] = server.asked;
  assert.ok(files && files.length > 5 && files.length < 20);
  assert.ok(new TextEncoder().encode(JSON.stringify({ files })).length < 64 * 1024);
});

test('what was wrong with a file is asked again when its turn has come', async () => {
  const refused = { title: 'Full', status: 507, code: 'storage_full', detail: 'The disk is full.' };
  wait(2);
  const [first, second] = /** @type {[Task, Task]} */ (waiting);
  waiting = [second];
  server.reply = refused;
  assert.deepEqual(await desk.ticketFor(first), refused);
  server.reply = null;
  assert.ok('method' in (await desk.ticketFor(second)));
});

test('what is here already gets no ticket, and nothing to give back', async () => {
  server.reply = { duplicate: true, image: image() };
  wait(2);
  const [first, second] = /** @type {[Task, Task]} */ (waiting);
  waiting = [second];
  assert.ok('image' in (await desk.ticketFor(first)));
  waiting = [];
  assert.ok('image' in (await desk.ticketFor(second)));
  assert.deepEqual([server.asked.length, server.cancelled], [1, []]);
});

test('when the call fails, all that wait for it hear so, and the next ones ask again', async () => {
  wait(4);
  const [first, second] = /** @type {[Task, Task]} */ (waiting.splice(0, 2));
  const failing = new TicketDesk({
    askAll: (files) => (files.length > 2 ? Promise.reject(problem(503)) : server.calls.askForTickets(files)),
    giveBack: server.calls.cancelUpload,
    direct,
  });
  const outcomes = await Promise.allSettled([failing.ticketFor(first), failing.ticketFor(second)]);
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  const third = /** @type {Task} */ (waiting.shift());
  assert.ok('method' in (await failing.ticketFor(third)));
});
