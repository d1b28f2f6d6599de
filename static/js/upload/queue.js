/** @import { Arrival, Choice, Kept, News, Ready, Setback, Similar, Task, Told, Upload } from '../types.js' */
/** @import { UploadQueueOptions } from '../types.js' */
/** @import { Entry } from './entry.js' */

import { retryDelay } from '../lib/backoff.js';
import { refusal } from '../lib/check.js';
import { canReachServer, randomKey } from '../lib/host.js';
import { isMoving } from '../lib/moving.js';
import { Entries } from './entries.js';
import { entryOf, isSending, startOver } from './entry.js';

const OFFLINE = 'No connection. It goes on by itself when there is one again.';

/**
 * Files on their way to the server: each is looked at, asked about, and sent; a few at a time, the first ones first.
 *
 * Each has a state and, when it failed, a reason. What the connection or the server spoilt is tried again by itself;
 * a new try keeps the key, so that a file which arrived after all is not stored twice.
 */
export class UploadQueue extends EventTarget {
  #entries;
  #heldUntil_ms = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #alarm;
  /** @type {Required<UploadQueueOptions>} */
  #options;

  /** @param {UploadQueueOptions} options */
  constructor(options) {
    super();
    const surroundings = { isOnline: canReachServer, network: globalThis, random: Math.random };
    this.#options = { ...surroundings, ...options };
    this.#entries = new Entries({ keeper: options.keeper, target: this });
    this.#options.network.addEventListener('online', () => this.#resume());
    this.#options.network.addEventListener('offline', () => this.#pump());
  }

  /** Every upload that is not forgotten, in the order of arrival. */
  get uploads() {
    return this.#entries.all.map(({ upload }) => upload);
  }

  /** Whether anything is on its way. */
  get isBusy() {
    return this.uploads.some(isMoving);
  }

  /** Whether leaving the page now would lose something. */
  get wouldLose() {
    return this.uploads.some((upload) => isMoving(upload) && upload.keeping !== 'kept');
  }

  /**
   * @param {Iterable<File>} files
   * @param {(file: File) => Told} [toldOf]  what is said of it
   * @returns {Upload[]} one for each file, waiting
   */
  add(files, toldOf = () => ({})) {
    const entries = Array.from(files, (file) => entryOf(randomKey(), file, { told: toldOf(file) }));
    for (const entry of entries) {
      this.#entries.enter(entry);
      void this.#check(entry);
    }
    return entries.map(({ upload }) => upload);
  }

  /** Goes on with what pages that are gone have left behind. */
  restore() {
    return this.#options.keeper.adopt((kept) => this.#goOn(kept));
  }

  /** @param {Kept[]} kept */
  #goOn(kept) {
    for (const { key, file, facts } of kept) {
      const entry = entryOf(key, file, facts);
      entry.checked = true;
      this.#entries.enter(entry);
      if (facts.reason) {
        this.#entries.move(entry, 'failed', { reason: facts.reason, retryable: true });
      }
    }
    this.#pump();
  }

  /**
   * Says something else of a file. What was sent with it stays as it is: a new try has to say the same. So what comes
   * too late is for whoever hears that it has arrived.
   *
   * @param {string} key
   * @param {Told} told
   */
  say(key, told) {
    const entry = this.#entries.find(key);
    this.#entries.learn(entry, entry.facts.isBegun ? { later: told } : { told });
    this.#entries.change(entry, {});
  }

  /** @param {string} key  of an upload that is on its way, that waits for a choice, or failed */
  cancel(key) {
    const entry = this.#entries.find(key);
    this.#entries.move(entry, 'cancelled');
    entry.stop?.abort();
    if (entry.facts.ticket !== null) {
      this.#options.discard(entry.facts.ticket);
    }
    this.#pump();
  }

  /** @param {string} key  of a failed upload that is retryable */
  retry(key) {
    const entry = this.#entries.find(key);
    if (!entry.upload.retryable) {
      throw new Error(`${entry.upload.name} is ${entry.upload.state} and cannot be tried again`);
    }
    this.#heldUntil_ms = 0;
    startOver(entry);
    this.#entries.learn(entry, { reason: '' });
    this.#entries.move(entry, 'waiting');
    this.#pump();
  }

  /** Tries every failed upload again that may succeed. */
  retryAll() {
    for (const { key, state, retryable } of this.uploads) {
      if (state === 'failed' && retryable) {
        this.retry(key);
      }
    }
  }

  /**
   * Says what becomes of a file that looks like an image of the gallery.
   *
   * @param {string} key
   * @param {Choice} choice
   */
  choose(key, choice) {
    if (choice === 'skip') {
      this.cancel(key);
      return;
    }
    const entry = this.#entries.find(key);
    const [first] = entry.upload.similar;
    this.#entries.move(entry, 'waiting');
    this.#entries.learn(entry, { replaces: (choice === 'replace' && first?.id) || null, isChosen: true });
    entry.ready = true;
    this.#pump();
  }

  /** @param {Choice} choice  for all that wait for one */
  chooseAll(choice) {
    for (const { key, state } of this.uploads) {
      if (state === 'similar') {
        this.choose(key, choice);
      }
    }
  }

  /** @param {string} key  of an upload that has come to its end: its preview is freed */
  forget(key) {
    this.#entries.forget(key);
  }

  /** @param {Entry} entry */
  async #check(entry) {
    const reason = await refusal(entry.upload.file, this.#options.limits);
    if (!isMoving(entry.upload)) {
      return; // cancelled while the file was looked at
    }
    if (reason) {
      this.#entries.move(entry, 'failed', { reason });
    } else {
      entry.checked = true;
      this.#pump();
    }
  }

  /** Starts what may start now, and sets the alarm for what may start later. */
  #pump() {
    clearTimeout(this.#alarm);
    if (!this.#options.isOnline()) {
      this.#pause();
      return;
    }
    const now_ms = Date.now();
    const due = this.#waiting().filter((entry) => this.#startOf(entry) <= now_ms);
    for (const entry of due.filter(({ ready }) => !ready)) {
      void this.#try(entry, this.#options.prepare);
    }
    const free = this.#options.maxParallel - this.#entries.all.filter(isSending).length;
    for (const entry of due.filter(({ ready }) => ready).slice(0, Math.max(0, free))) {
      this.#entries.learn(entry, { isBegun: true });
      this.#entries.move(entry, 'uploading');
      void this.#try(entry, this.#options.send);
    }
    const later = this.#waiting().map((entry) => this.#startOf(entry));
    const next_ms = Math.min(...later.filter((at) => at > now_ms));
    if (Number.isFinite(next_ms)) {
      this.#alarm = setTimeout(() => this.#pump(), next_ms - now_ms);
    }
  }

  #waiting() {
    return this.#entries.all.filter(({ checked, stop, upload }) => checked && !stop && upload.state === 'waiting');
  }

  /** @param {Entry} entry */
  #startOf(entry) {
    return Math.max(entry.notBefore_ms, this.#heldUntil_ms);
  }

  /**
   * @param {Entry} entry
   * @param {(task: Task) => Promise<Ready | Similar | Arrival | Setback>} act
   */
  async #try(entry, act) {
    const stop = new AbortController();
    const { signal } = stop;
    entry.stop = stop;
    const tell = (/** @type {News} */ news) => {
      if (!signal.aborted) {
        this.#entries.hear(entry, news);
      }
    };
    const next = () =>
      this.#waiting()
        .filter(({ ready }) => ready)
        .map(taskOf);
    const outcome = await act({ ...taskOf(entry), signal, tell, next });
    if (!signal.aborted) {
      // Else cancelled or paused: its place was given away then.
      entry.stop = null;
      this.#settle(entry, outcome);
      this.#pump();
    }
  }

  /**
   * @param {Entry} entry
   * @param {Ready | Similar | Arrival | Setback} outcome
   */
  #settle(entry, outcome) {
    switch (outcome.state) {
      case 'failed':
        this.#setBack(entry, outcome);
        break;
      case 'ready':
        entry.ready = true;
        entry.tries = 0;
        this.#entries.wait(entry, '');
        break;
      case 'similar':
        this.#entries.move(entry, 'similar', { similar: outcome.similar });
        break;
      default:
        this.#entries.move(entry, outcome.state, { image: outcome.image });
    }
  }

  /**
   * @param {Entry} entry
   * @param {Setback} setback
   */
  #setBack(entry, { reason, mend, retryable, again, retry_after_s }) {
    const isLasting = again === 'all';
    const delay_ms = retryDelay(entry.tries, { retry_after_s, isLasting, random: this.#options.random });
    if (again === 'never' || delay_ms === null) {
      const words = `${reason} ${mend}`.trim();
      this.#entries.learn(entry, { reason: words });
      this.#entries.move(entry, 'failed', { reason: words, retryable });
      return;
    }
    entry.tries += 1;
    entry.notBefore_ms = Date.now() + delay_ms;
    if (isLasting) {
      this.#heldUntil_ms = Math.max(this.#heldUntil_ms, entry.notBefore_ms);
    }
    this.#entries.wait(entry, `${reason} Trying again by itself.`);
  }

  /** There is no connection: what is on its way would only fail. */
  #pause() {
    for (const entry of this.#entries.all.filter(({ checked, upload }) => checked && isMoving(upload))) {
      if (entry.upload.state !== 'paused') {
        entry.stop?.abort();
        entry.stop = null;
        this.#entries.move(entry, 'paused', { reason: OFFLINE });
      }
    }
  }

  /** The connection is back: what waited for it has waited long enough. */
  #resume() {
    this.#heldUntil_ms = 0;
    for (const entry of this.#entries.all) {
      if (entry.upload.state === 'paused' || entry.upload.state === 'waiting') {
        startOver(entry);
        this.#entries.wait(entry, '');
      }
    }
    this.#pump();
  }
}

/** @param {Entry} entry */
function taskOf({ upload: { key, file }, facts }) {
  return { key, file, facts };
}
