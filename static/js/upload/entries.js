/** @import { Facts, Keeper, News, Upload, UploadState } from '../types.js' */
/** @import { Entry } from './entry.js' */

import { announce } from '../lib/dom.js';
import { isMoving } from '../lib/moving.js';
import { moved, shownOf } from './entry.js';

/** The uploads of a queue: every change to one is told, and what outlives the page is kept. */
export class Entries {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  #keeper;
  #target;

  /** @param {{ keeper: Keeper, target: EventTarget }} options  target: says `upload-change` */
  constructor({ keeper, target }) {
    this.#keeper = keeper;
    this.#target = target;
  }

  /** Every entry that is not forgotten, in the order of arrival. */
  get all() {
    return [...this.#entries.values()];
  }

  /** @param {string} key */
  find(key) {
    const entry = this.#entries.get(key);
    if (!entry) {
      throw new Error(`No upload has the key ${key}`);
    }
    return entry;
  }

  /** @param {Entry} entry */
  enter(entry) {
    this.#entries.set(entry.upload.key, entry);
    this.#tell(entry);
    void this.#keep(entry);
  }

  /**
   * @param {Entry} entry
   * @param {UploadState} state
   * @param {Partial<Upload>} [outcome]
   */
  move(entry, state, outcome = {}) {
    entry.upload = moved(entry.upload, state, outcome);
    const isOver = !isMoving(entry.upload) && state !== 'similar';
    if (isOver && !entry.upload.retryable) {
      this.#keeper.drop(entry.upload.key);
    }
    this.#tell(entry);
  }

  /**
   * Something is new of an upload that stays in its state.
   *
   * @param {Entry} entry
   * @param {Partial<Pick<Upload, 'sent' | 'keeping' | 'reason'>>} news
   */
  change(entry, news) {
    entry.upload = Object.freeze({ ...entry.upload, ...news });
    this.#tell(entry);
  }

  /**
   * @param {Entry} entry
   * @param {Partial<Facts>} facts
   */
  learn(entry, facts) {
    entry.facts = { ...entry.facts, ...facts };
    entry.upload = Object.freeze({ ...entry.upload, ...shownOf(entry.facts) });
    this.#keeper.note(entry.upload.key, entry.facts);
  }

  /**
   * What is told of a file while it is being tried.
   *
   * @param {Entry} entry
   * @param {News} news
   */
  hear(entry, { state, sent, passed = sent, facts }) {
    if (facts) {
      this.learn(entry, facts);
    }
    if (sent !== undefined) {
      // More of it has arrived: what went wrong before does not count.
      entry.tries = sent > entry.arrived ? 0 : entry.tries;
      entry.arrived = sent;
    }
    if (passed !== undefined) {
      this.change(entry, { sent: passed });
    }
    if (state && state !== entry.upload.state) {
      this.move(entry, state);
    }
  }

  /**
   * @param {Entry} entry  whose turn will come again
   * @param {string} reason  why not now, or empty
   */
  wait(entry, reason) {
    if (entry.upload.state === 'waiting') {
      this.change(entry, { reason });
    } else {
      this.move(entry, 'waiting', { reason });
    }
  }

  /**
   * Drops an upload that has come to its end, and frees its preview.
   *
   * @param {string} key
   */
  forget(key) {
    const { upload } = this.find(key);
    if (isMoving(upload)) {
      throw new Error(`${upload.name} is still ${upload.state}: cancel it first`);
    }
    URL.revokeObjectURL(upload.previewUrl);
    this.#entries.delete(key);
  }

  /** @param {Entry} entry */
  async #keep({ upload: { key, file }, facts }) {
    const keeping = await this.#keeper.put({ key, file, facts });
    const entry = this.#entries.get(key);
    if (entry) {
      this.change(entry, { keeping });
    }
  }

  /** @param {Entry} entry */
  #tell({ upload }) {
    announce(this.#target, 'upload-change', { upload });
  }
}
