import assert from 'node:assert/strict';
import { beforeEach, mock, test } from 'node:test';

import { LiveStream } from '../../static/js/live.js';
import { FakeEventSource } from './fakes/event-source.js';
import { image } from './fakes/images.js';

/** @type {FakeEventSource[]} */
let opened;
/** @type {EventTarget} */
let page;
/** @type {EventTarget & { hidden: boolean }} */
let sight;
/** @type {unknown[][]} */
let heard;

beforeEach(() => {
  mock.timers.reset();
  mock.timers.enable({ apis: ['setTimeout'] });
  opened = [];
  heard = [];
  page = new EventTarget();
  sight = Object.assign(new EventTarget(), { hidden: false });
});

/** @param {string} [since] */
function start(since) {
  const live = new LiveStream({
    since,
    open: (url) => {
      const source = new FakeEventSource(url);
      opened.push(source);
      return source;
    },
    page,
    sight,
    random: () => 0,
  });
  for (const name of ['image-created', 'image-updated', 'image-deleted', 'live-lost', 'live-state']) {
    live.addEventListener(name, (event) => {
      heard.push([name, event instanceof CustomEvent ? event.detail : null]);
    });
  }
  live.start();
  return latest();
}

function latest() {
  const source = opened.at(-1);
  assert.ok(source);
  return source;
}

function states() {
  return heard.filter(([name]) => name === 'live-state').map(([, detail]) => Object(detail).state);
}

test('tells what others create, change and delete', () => {
  const source = start();
  const one = image();
  source.begin();
  source.say('image.created', one, '1');
  source.say('image.updated', one, '2');
  source.say('image.deleted', { id: one.id }, '3');
  assert.deepEqual(heard, [
    ['live-state', { state: 'live' }],
    ['image-created', { image: one }],
    ['image-updated', { image: one }],
    ['image-deleted', { id: one.id }],
  ]);
});

test('begins where the page that the server drew ends', () => {
  assert.equal(start('8264=').url, '/api/events?last_event_id=8264%3D');
});

test('leaves a broken connection to the browser', () => {
  const source = start();
  source.begin();
  source.breakOff();
  mock.timers.tick(5000);
  source.begin();
  assert.equal(opened.length, 1);
  assert.deepEqual(states(), ['live', 'reconnecting', 'live']);
});

test('says after a while that the server is away, and when it is back', () => {
  const source = start();
  source.begin();
  source.breakOff();
  mock.timers.tick(9999);
  assert.deepEqual(states(), ['live', 'reconnecting']);
  mock.timers.tick(1);
  source.breakOff();
  source.begin();
  assert.deepEqual(states(), ['live', 'reconnecting', 'away', 'live']);
});

test('opens anew after a refusal, from the last change it saw, later each time', () => {
  const first = start();
  first.begin();
  first.say('image.deleted', { id: 'x' }, '7');
  first.refuse();
  mock.timers.tick(999);
  assert.equal(opened.length, 1);
  mock.timers.tick(1);
  assert.equal(latest().url, '/api/events?last_event_id=7');
  latest().refuse();
  mock.timers.tick(1999);
  assert.equal(opened.length, 2);
  mock.timers.tick(1);
  assert.equal(opened.length, 3);
});

test('hopes again at once after a success', () => {
  start().refuse();
  mock.timers.tick(1000);
  latest().begin();
  latest().refuse();
  mock.timers.tick(1000);
  assert.equal(opened.length, 3);
});

test('says when changes are lost for good', () => {
  const source = start();
  source.say('reload', {}, '9');
  assert.deepEqual(heard, [['live-lost', {}]]);
});

test('lets go of the page when it is left, and comes back with it', () => {
  const source = start();
  source.begin();
  source.say('image.deleted', { id: 'x' }, '4');
  page.dispatchEvent(new Event('pagehide'));
  assert.equal(source.readyState, 2);
  page.dispatchEvent(new Event('pageshow'));
  assert.equal(latest().url, '/api/events?last_event_id=4');
  assert.equal(opened.length, 2);
});

test('opens once, although the page is shown at the start too', () => {
  start();
  page.dispatchEvent(new Event('pageshow'));
  assert.equal(opened.length, 1);
});

test('does not open again after the page was left', () => {
  start().refuse();
  page.dispatchEvent(new Event('pagehide'));
  mock.timers.tick(60_000);
  assert.equal(opened.length, 1);
});

test('gives its connection back while nobody looks, and catches up when somebody does', () => {
  const source = start();
  source.begin();
  look({ hidden: true });
  mock.timers.tick(19_999);
  assert.equal(source.readyState, 1);
  mock.timers.tick(1);
  assert.equal(source.readyState, 2);
  look({ hidden: false });
  assert.equal(opened.length, 2);
});

test('keeps its connection through a short look elsewhere', () => {
  start().begin();
  look({ hidden: true });
  mock.timers.tick(5000);
  look({ hidden: false });
  mock.timers.tick(60_000);
  assert.equal(opened.length, 1);
  assert.equal(latest().readyState, 1);
});

/** @param {{ hidden: boolean }} state */
function look({ hidden }) {
  sight.hidden = hidden;
  sight.dispatchEvent(new Event('visibilitychange'));
}
