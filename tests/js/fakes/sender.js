/** @import { Arrival, Send, Setback, Task } from '../../../static/js/types.js' */

import { image } from './images.js';

/**
 * A server whose answers a test gives by hand. `sent` holds every try in order; `answer()` and `fail()` end the oldest
 * open one of a file.
 */
export class Sender {
  /** @type {(Task & { name: string, settle: (outcome: Arrival | Setback) => void })[]} */
  sent = [];
  /** @type {Set<unknown>} */
  #answered = new Set();

  /** @type {Send} */
  send = (task) =>
    new Promise((resolve) => {
      this.sent.push({ ...task, name: task.file.name, settle: resolve });
    });

  get names() {
    return this.sent.map(({ name }) => name);
  }

  /**
   * @param {string} name
   * @param {Arrival['state']} [state]
   */
  answer(name, state = 'done') {
    return this.#end(name, { state, image: image() });
  }

  /**
   * @param {string} name
   * @param {Partial<Setback>} [setback]
   */
  fail(name, setback = {}) {
    return this.#end(name, { ...SETBACK, ...setback });
  }

  /**
   * The oldest open try of a file.
   *
   * @param {string} name
   */
  open(name) {
    const open = this.sent.find((one) => one.name === name && !this.#answered.has(one));
    if (!open) {
      throw new Error(`${name} is not being sent`);
    }
    return open;
  }

  /**
   * @param {string} name
   * @param {Arrival | Setback} outcome
   */
  async #end(name, outcome) {
    const open = this.open(name);
    this.#answered.add(open);
    open.settle(outcome);
    await settled();
  }
}

/** @type {Setback} */
export const SETBACK = {
  state: 'failed',
  reason: 'It did not work.',
  mend: 'Try again.',
  retryable: true,
  again: 'never',
};

/** Lets everything run that waits for nothing but its turn. */
export function settled() {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
