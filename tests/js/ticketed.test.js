/** @import { Facts, Form, News } from '../../static/js/types.js' */
/** @import { Outcome } from '../../static/js/upload/form.js' */

import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { UnreachableError } from '../../static/js/api.js';
import { TicketDesk } from '../../static/js/upload/desk.js';
import { Direct } from '../../static/js/upload/direct.js';
import { Line } from '../../static/js/upload/line.js';
import { slicesWith } from '../../static/js/upload/slices.js';
import { ticketedWith } from '../../static/js/upload/ticketed.js';
import { LostFile, QuickFile } from './fakes/files.js';
import { image } from './fakes/images.js';
import { FakeReceiver, formTicket, problem } from './fakes/receiver.js';
import { factsOf, taskOf } from './fakes/uploads.js';

/** A gallery and its store. @type {FakeReceiver} */
let server;
/** @type {Direct} */
let direct;
/** @type {News[]} */
let news;
/** What the store makes of the forms. @type {Outcome} */
let outcome;
/** @type {{ id: string, form: Form }[]} the forms that were sent */
let forms;
/** @type {AbortController} */
let stop;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['Date'], now: 1_000_000 });
  server = new FakeReceiver();
  server.form = {};
  direct = new Direct({ store: 's3', now: () => Date.now() });
  news = [];
  outcome = 'taken';
  forms = [];
  stop = new AbortController();
});

/**
 * What becomes of a file that goes to the store.
 *
 * @param {Partial<Facts>} [facts]
 * @param {File} [file]
 */
function send(facts = {}, file = new QuickFile('beach.jpg')) {
  const { calls } = server;
  const ticketed = ticketedWith({
    calls,
    desk: new TicketDesk({ askAll: calls.askForTickets, giveBack: calls.cancelUpload, direct }),
    direct,
    slices: slicesWith(new Line(), calls),
    form: async (_task, sent) => {
      forms.push(sent);
      if (outcome === 'taken') {
        server.stored.add(sent.id);
      }
      return outcome;
    },
  });
  const tell = (/** @type {News} */ each) => news.push(each);
  return ticketed(taskOf(file, { facts: factsOf(facts), signal: stop.signal, tell }));
}

/**
 * A form that was begun by a page that is gone.
 *
 * @param {Partial<Form>} [more]
 */
function begun(more = {}) {
  server.offsets.set('old', 0);
  const ticket = /** @type {Form} */ (/** @type {unknown} */ (formTicket('old')));
  return { ticket: 'old', form: { ...ticket, arrived: 0, ...more } };
}

const said = () => news.flatMap(({ facts }) => (facts && 'ticket' in facts ? (facts.ticket ?? 'none') : []));

test('a file goes to the store by its ticket, and the gallery is told', async () => {
  const ended = await send();
  assert.equal(ended.state, 'done');
  assert.deepEqual(
    forms.map(({ id, form }) => [id, form.url, form.fields]),
    [['t1', 'https://store.example/upload', { key: 't1', signature: 'abc' }]],
  );
  assert.deepEqual(server.completed, ['t1']);
  assert.deepEqual(news.at(-1), { state: 'processing' });
});

test('what a page must know to go on is kept before the first byte goes', async () => {
  await send();
  assert.deepEqual([news[0]?.facts?.ticket, news[0]?.facts?.form?.url], ['t1', 'https://store.example/upload']);
});

test('waits while the gallery looks at what has arrived', async () => {
  server.ends = [
    { status: 'processing' },
    { status: 'processing' },
    { status: 'ready', image: image(), duplicate: true },
  ];
  assert.equal((await send()).state, 'duplicate');
});

test('says why the picture was refused, and would begin anew', async () => {
  const refused = { title: 'Broken', status: 422, code: 'broken_image', detail: 'beach.jpg is damaged.' };
  server.ends = [{ status: 'failed', problem: refused }];
  const ended = await send();
  assert.deepEqual(ended.state === 'failed' && [ended.reason, ended.retryable], [refused.detail, false]);
  assert.deepEqual(news.at(-1), { facts: { ticket: null, form: null }, sent: 0 });
});

test('a store that sees the file a moment late is asked again', async () => {
  const { calls } = server;
  let early = 2;
  const complete = calls.completeUpload;
  Object.defineProperty(server, 'calls', {
    value: {
      ...calls,
      completeUpload: (/** @type {string} */ id, /** @type {AbortSignal} */ signal) => {
        early -= 1;
        return early >= 0 ? Promise.reject(problem(409, 'not_arrived')) : complete(id, signal);
      },
    },
  });
  assert.equal((await send()).state, 'done');
  assert.deepEqual(server.slices, []);
});

test('a store that cannot be reached is left out: the file comes here, and so do the next ones', async () => {
  outcome = 'away';
  assert.equal((await send()).state, 'done');
  assert.deepEqual(
    server.begun.map(({ method }) => method),
    [undefined, 'tus'],
  );
  assert.deepEqual([server.cancelled, server.slices], [['t1'], [10]]);
  assert.equal(direct.isOn, false);
  assert.deepEqual(said(), ['t1', 'none', 't2']);
});

test('what the store refuses comes here, where the words for it are; the next one goes to the store', async () => {
  outcome = 'refused';
  server.ends = [
    { status: 'failed', problem: { title: 'Broken', status: 422, code: 'x', detail: 'beach.jpg is damaged.' } },
  ];
  const ended = await send();
  assert.equal(ended.state === 'failed' && ended.reason, 'beach.jpg is damaged.');
  assert.equal(server.begun.at(-1)?.method, 'tus');
  assert.equal(direct.isOn, true);
});

test('a file that arrived although the answer was lost is not sent twice', async () => {
  outcome = 'away';
  server.stored.add('t1');
  assert.equal((await send()).state, 'done');
  assert.deepEqual([server.slices, server.cancelled, direct.isOn], [[], [], true]);
});

test('a line that is down is no fault of the store: its ticket waits with the file', async () => {
  outcome = 'away';
  const { calls } = server;
  const completeUpload = () => Promise.reject(new UnreachableError(null));
  Object.defineProperty(server, 'calls', { value: { ...calls, completeUpload } });
  const ended = await send();
  assert.equal(ended.state === 'failed' && ended.again, 'all');
  assert.deepEqual([direct.isOn, server.cancelled, said()], [true, [], ['t1']]);
});

test('a file that cannot be read any more is no fault of the store', async () => {
  outcome = 'away';
  const ended = await send({}, new LostFile('beach.jpg'));
  assert.match(ended.state === 'failed' ? ended.reason : '', /beach\.jpg can no longer be read/);
  assert.equal(direct.isOn, true);
});

test('when the ticket ran out on the way, the file is tried again with another', async () => {
  server.form = { expires_at: new Date(1_000_000).toISOString() };
  outcome = 'refused';
  const ended = await send();
  assert.equal(ended.state === 'failed' && ended.again, 'file');
  assert.deepEqual([said(), server.cancelled, direct.isOn], [['t1', 'none'], ['t1'], true]);
});

test('goes on with the ticket that a page before had', async () => {
  const ended = await send(begun({ arrived: 4, chunk_bytes: 4 }));
  assert.equal(ended.state, 'done');
  assert.deepEqual(
    forms.map(({ id, form }) => [id, form.arrived]),
    [['old', 4]],
  );
  assert.deepEqual(server.asked, []);
  assert.deepEqual(news[0], { passed: 4 });
});

test('what a page before had sent is not sent again', async () => {
  const facts = begun();
  server.stored.add('old');
  assert.equal((await send(facts)).state, 'done');
  assert.deepEqual([forms, server.asked], [[], []]);
});

test('begins anew when the ticket of the page before has run out', async () => {
  assert.equal((await send(begun({ expires_at: new Date(1_000_000).toISOString() }))).state, 'done');
  assert.deepEqual([server.cancelled, forms.map(({ id }) => id)], [['old'], ['t1']]);
});

test('begins anew when the gallery has forgotten the ticket', async () => {
  const facts = begun();
  server.offsets.delete('old');
  assert.equal((await send(facts)).state, 'done');
  assert.deepEqual(
    forms.map(({ id }) => id),
    ['t1'],
  );
});

test('does not go on to a store that has been out of reach since', async () => {
  const facts = begun();
  direct.giveUp();
  assert.equal((await send(facts)).state, 'done');
  assert.deepEqual([server.cancelled, forms, server.slices], [['old'], [], [10]]);
});

test('a ticket that comes after its file was cancelled is given back', async () => {
  const sending = send();
  stop.abort();
  await sending;
  assert.deepEqual([server.cancelled, forms, news], [['t1'], [], []]);
});

test('while the store is away the gallery takes the files itself', async () => {
  server.form = null;
  assert.equal((await send()).state, 'done');
  assert.deepEqual([forms, server.slices, direct.isOn], [[], [10], true]);
});
