import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Route } from '../../static/js/route.js';
import { FakeWindow } from './fakes/window.js';

/** @param {string} path */
function arrive(path) {
  const view = new FakeWindow(path);
  const route = new Route(view);
  /** @type {(string | null)[]} */
  const led = [];
  route.addEventListener('route-changed', (event) => {
    led.push(event instanceof CustomEvent ? event.detail.id : undefined);
  });
  return { view, route, led };
}

test('reads the image from the address', () => {
  assert.equal(arrive('/i/9fQ2-x_Y').route.image, '9fQ2-x_Y');
  assert.equal(arrive('/').route.image, null);
  assert.equal(arrive('/i/9fQ2/thumb').route.image, null);
});

test('opening adds one step, paging through images none', () => {
  const { view, route } = arrive('/?q=tree');
  route.show('a');
  route.show('b');
  route.show('c');
  assert.equal(view.path, '/i/c');
  assert.equal(view.length, 2);
});

test('showing the image that is in the address changes nothing', () => {
  const { view, route } = arrive('/i/a');
  route.show('a');
  assert.equal(view.length, 1);
});

test('Back leads to the gallery as it was, Forward to the image again', () => {
  const { view, route, led } = arrive('/?q=tree');
  route.show('a');
  route.show('b');
  view.history.back();
  assert.equal(view.path, '/?q=tree');
  view.history.forward();
  assert.deepEqual(led, [null, 'b']);
});

test('leaving goes back to the gallery with its filter', () => {
  const { view, route } = arrive('/?q=tree');
  route.show('a');
  route.show('b');
  route.leave();
  assert.equal(view.path, '/?q=tree');
});

test('leaving an image that was loaded by its address stays on the site', () => {
  const { view, route } = arrive('/i/a');
  route.show('b');
  route.leave();
  assert.equal(view.path, '/');
  assert.equal(view.length, 1);
});

test('leaving after Back changes nothing', () => {
  const { view, route } = arrive('/');
  route.show('a');
  view.history.back();
  route.leave();
  assert.equal(view.path, '/');
});

test('in place the address stays, and Back and Forward lead all the same', () => {
  const view = new FakeWindow('/?status=trashed');
  const route = new Route(view, { inPlace: true });
  route.show('a');
  route.show('b');
  assert.equal(view.path, '/?status=trashed');
  assert.equal(view.length, 2);
  assert.equal(route.image, 'b');
  route.leave();
  assert.equal(route.image, null);
  view.history.forward();
  assert.equal(route.image, 'b');
});
