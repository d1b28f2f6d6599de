/** @import { Upload } from '../types.js' */

import { countPhotos, formatCount, formatDuration } from './format.js';
import { isMoving } from './moving.js';

/** No guess of the time left before so much of it has been seen. */
const GUESS_AFTER_MS = 10_000;

/** How fast it goes is seen from the last so long: a line is not what it was a minute ago. */
const LOOK_BACK_MS = 30_000;

/**
 * The files that are being added together: a new batch begins when a file comes while none is on its way.
 */
export class Batch {
  /** @type {Map<string, Upload>} */
  #uploads = new Map();
  #startedAt_ms = 0;
  /** How many bytes were through at which time. @type {{ at_ms: number, bytes: number }[]} */
  #seen = [];
  #now;

  /** @param {() => number} [now]  milliseconds */
  constructor(now = Date.now) {
    this.#now = now;
  }

  /** @param {Upload} upload  new, or in a new state */
  take(upload) {
    if (!this.#uploads.has(upload.key) && !this.isMoving) {
      this.#begin();
    }
    if (upload.state === 'cancelled') {
      this.#uploads.delete(upload.key);
    } else {
      this.#uploads.set(upload.key, upload);
    }
    this.#seen.push({ at_ms: this.#now(), bytes: this.#through });
    while (this.#seen.length > 2 && (this.#seen[1]?.at_ms ?? 0) < this.#now() - LOOK_BACK_MS) {
      this.#seen.shift();
    }
  }

  /** What still waits for a choice belongs to the new batch, too. */
  #begin() {
    for (const { key, state } of this.#uploads.values()) {
      if (state !== 'similar') {
        this.#uploads.delete(key);
      }
    }
    this.#startedAt_ms = this.#now();
    this.#seen = [];
  }

  get isMoving() {
    return [...this.#uploads.values()].some(isMoving);
  }

  /** Whether some of them move, or wait for a person: then the list is hidden at most, not closed. */
  get isUnfinished() {
    return this.isMoving || this.undecided > 0;
  }

  /** Whether what is said of them now is said of any: not of those that were here already. */
  get takesWords() {
    return this.isUnfinished || this.#in('done').length > 0 || this.retryable > 0;
  }

  /** Whether any of them came in a folder. */
  get hasFolders() {
    return [...this.#uploads.values()].some(({ folder }) => folder !== '');
  }

  get total() {
    return this.#uploads.size;
  }

  /** How many have come to their end, well or not. */
  get finished() {
    return this.#in('done', 'duplicate', 'failed').length;
  }

  /** Files whose failure may pass. */
  get retryable() {
    return this.#in('failed').filter(({ retryable }) => retryable).length;
  }

  /** Files that wait for a person to choose. */
  get undecided() {
    return this.#in('similar').length;
  }

  /** The part of all bytes, 0 to 1, that the server has, or that will not be sent. */
  get progress() {
    const all = this.#all;
    return all === 0 ? 0 : this.#through / all;
  }

  /** Bytes of all files. */
  get #all() {
    return sum([...this.#uploads.values()].map(({ bytes }) => bytes));
  }

  get #through() {
    const isOver = (/** @type {Upload} */ upload) => !isMoving(upload) && upload.state !== 'similar';
    return sum([...this.#uploads.values()].map((upload) => (isOver(upload) ? upload.bytes : upload.sent)));
  }

  get title() {
    if (this.isMoving) {
      return `Adding ${countPhotos(this.total)}`;
    }
    if (this.undecided > 0) {
      return `${countPhotos(this.undecided)} ${this.undecided === 1 ? 'waits' : 'wait'} for you`;
    }
    const added = this.#in('done').length;
    if (added > 0 || this.total === 0) {
      return `Added ${countPhotos(added)}`;
    }
    return this.#in('failed').length > 0 ? `${countPhotos(this.#in('failed').length)} not added` : 'Already here';
  }

  /** `3 of 12 · 40 s left` while moving; else what else there is to say. */
  get remark() {
    if (this.isMoving) {
      return [`${formatCount(this.finished)} of ${formatCount(this.total)}`, this.#outlook].filter(Boolean).join(' · ');
    }
    const added = this.undecided > 0 ? this.#part('done', 'added') : '';
    return this.undecided > 0 || this.#in('done').length > 0
      ? joined([added, this.#part('failed', 'not added'), this.#part('duplicate', 'here already')])
      : '';
  }

  /** For the ears: `Done, 2 added, 1 failed`. */
  get outcome() {
    return joined([
      'Done',
      this.#part('done', 'added'),
      this.#part('duplicate', 'here already'),
      this.#part('failed', 'failed'),
      this.undecided > 0 ? `${this.undecided} ${this.undecided === 1 ? 'waits' : 'wait'} for you` : '',
    ]);
  }

  /** How long it still takes; empty as long as little can be said of that. */
  get #outlook() {
    if ([...this.#uploads.values()].filter(isMoving).every(({ state }) => state === 'paused')) {
      return 'no connection';
    }
    const now_ms = this.#now();
    const [first] = this.#seen;
    const gained = this.#through - (first?.bytes ?? 0);
    if (!first || now_ms - this.#startedAt_ms < GUESS_AFTER_MS || gained <= 0) {
      return '';
    }
    const left_ms = ((now_ms - first.at_ms) * (this.#all - this.#through)) / gained;
    return `${formatDuration(left_ms / 1000)} left`;
  }

  /**
   * @param {Upload['state']} state
   * @param {string} word
   */
  #part(state, word) {
    const count = this.#in(state).length;
    return count > 0 ? `${count} ${word}` : '';
  }

  /** @param {Upload['state'][]} states */
  #in(...states) {
    return [...this.#uploads.values()].filter(({ state }) => states.includes(state));
  }
}

/** @param {number[]} numbers */
function sum(numbers) {
  return numbers.reduce((total, number) => total + number, 0);
}

/** @param {string[]} parts */
function joined(parts) {
  return parts.filter(Boolean).join(', ');
}
