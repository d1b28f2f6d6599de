/** @import { Task } from '../types.js' */
/** @import { Given, Ticket, Wanted } from './calls.js' */
/** @import { Direct } from './direct.js' */

import { questionOf } from './calls.js';

/** Files that get their tickets in one call: more would be waiting for their turn when theirs ran out. */
const AT_ONCE = 20;

/** So much of them fits into one call: the server reads 64 KiB of JSON. */
const ROOM_BYTES = 48 * 1024;

/** A ticket that ends so soon is not begun with. */
const MARGIN_MS = 60_000;

/**
 * Whose turn has come, and what is told of it.
 *
 * @typedef {object} Asking
 * @property {Wanted} wanted
 * @property {Task} task
 * @property {(given: Given) => void} resolve
 * @property {(error: unknown) => void} reject
 */

/**
 * Where files get their tickets. What goes to the store is asked for with the files that come next: one call for many.
 */
export class TicketDesk {
  #askAll;
  #giveBack;
  #direct;
  /** For files whose turn will come: what was asked. @type {Map<string, { said: string, given: Promise<Given | null> }>} */
  #held = new Map();
  /** @type {Asking[]} */
  #asking = [];

  /**
   * @param {object} parts
   * @param {(files: Wanted[]) => Promise<Given[]>} parts.askAll
   * @param {(id: string) => void} parts.giveBack
   * @param {Direct} parts.direct
   */
  constructor({ askAll, giveBack, direct }) {
    this.#askAll = askAll;
    this.#giveBack = giveBack;
    this.#direct = direct;
  }

  /**
   * @param {Task} task  whose turn it is
   * @param {{ isForHere?: boolean }} [options]  isForHere: not for the store
   * @returns {Promise<Given>}
   */
  async ticketFor(task, { isForHere = false } = {}) {
    const wanted = this.#wantedOf(task, { isForHere });
    const held = this.#held.get(task.key);
    this.#held.delete(task.key);
    const given = await held?.given;
    if (given && isGood(given) && held?.said === JSON.stringify(wanted)) {
      return given;
    }
    this.#drop(given);
    return new Promise((resolve, reject) => {
      this.#asking.push({ wanted, task, resolve, reject });
      if (this.#asking.length === 1) {
        queueMicrotask(() => this.#ask()); // what comes in the same moment goes with it
      }
    });
  }

  async #ask() {
    const asking = this.#asking.splice(0);
    const files = asking.map(({ wanted }) => wanted);
    const ahead = this.#ahead(asking);
    const fitting = fitted(files, [...ahead.values()]);
    const all = this.#askAll([...files, ...fitting]);
    for (const [at, key] of [...ahead.keys()].slice(0, fitting.length).entries()) {
      const given = all.then(
        (reply) => reply[files.length + at] ?? null,
        () => null, // it is asked for again when its turn has come
      );
      this.#held.set(key, { said: JSON.stringify(fitting[at]), given });
    }
    try {
      const reply = await all;
      for (const [at, { resolve }] of asking.entries()) {
        resolve(/** @type {Given} */ (reply[at]));
      }
    } catch (error) {
      for (const { reject } of asking) {
        reject(error);
      }
    }
  }

  /**
   * What is told of the files that come next and have no ticket; the tickets of those that do not come are given back.
   *
   * @param {Asking[]} asking
   * @returns {Map<string, Wanted>}
   */
  #ahead(asking) {
    const next = this.#direct.isOn ? (asking[0]?.task.next() ?? []) : [];
    const coming = new Map(next.slice(0, AT_ONCE).map((task) => [task.key, task]));
    for (const [key, { given }] of this.#held) {
      if (!coming.delete(key)) {
        this.#held.delete(key);
        void given.then((unused) => this.#drop(unused));
      }
    }
    for (const { task } of asking) {
      coming.delete(task.key);
    }
    return new Map([...coming].slice(0, AT_ONCE - asking.length).map(([key, task]) => [key, this.#wantedOf(task)]));
  }

  /** @param {Given | null | undefined} given */
  #drop(given) {
    if (given && 'method' in given) {
      this.#giveBack(given.id);
    }
  }

  /**
   * @param {Pick<Task, 'file' | 'facts'>} task
   * @param {{ isForHere?: boolean }} [options]
   * @returns {Wanted}
   */
  #wantedOf({ file, facts: { told, looked, replaces } }, { isForHere = false } = {}) {
    const isHere = isForHere || this.#direct.lostUntil_ms !== null;
    return {
      ...questionOf(file, looked),
      ...told,
      ...(replaces === null ? {} : { replaces }),
      ...(isHere ? { method: 'tus' } : {}),
    };
  }
}

/**
 * Whether a form may still be begun with.
 *
 * @param {{ expires_at: string }} form
 */
export function isFresh({ expires_at }) {
  return Date.parse(expires_at) > Date.now() + MARGIN_MS;
}

/** @param {Given} given */
function isGood(given) {
  return 'image' in given || ('method' in given && (given.method === 'tus' || isFresh(given)));
}

/**
 * As many of the next ones as fit into a call with those that must be in it.
 *
 * @param {Wanted[]} files
 * @param {Wanted[]} next
 */
function fitted(files, next) {
  let bytes = sizeOf(files);
  return next.filter((file) => {
    bytes += sizeOf(file);
    return bytes <= ROOM_BYTES;
  });
}

/** @param {unknown} value */
function sizeOf(value) {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}
