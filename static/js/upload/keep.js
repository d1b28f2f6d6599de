/** @import { Facts, Keeper, Keeping, Kept } from '../types.js' */

import { randomKey } from '../lib/host.js';

const DATABASE = 'vitrine-uploads';
const FILES = 'files';
const FACTS = 'facts';

/** A page that is closed lets go of its lock a moment later. */
const LETS_GO_WITHIN_MS = 5000;

/** At most so much is kept, and at most this part of what the browser would let us have. */
const MOST_BYTES = 2 * 1024 ** 3;
const SHARE = 0.5;

/**
 * What the browser keeps of an upload: its facts beside its bytes, which are large and never change.
 *
 * @typedef {{ key: string, page: string, bytes: number, added_ms: number, facts: Facts }} Row
 */

/**
 * Keeps files and what is known of them in IndexedDB until the server has them.
 *
 * Not in the origin's private file system: it keeps no facts, a second place would be needed beside it, and the two
 * could part when a tab is killed. Here a file and its facts come and go in one transaction.
 *
 * Each page holds a lock while it lives, and what it keeps carries the page's name. Another page takes over only what
 * carries the name of one whose lock is free: no file is sent by two.
 */
export class IndexedKeeper {
  #page = randomKey();
  /** @type {Promise<IDBDatabase | null> | null} */
  #opening = null;
  /** @type {Promise<unknown> | null} the lock of this page */
  #holding = null;
  /** @type {Map<string, Omit<Row, 'facts'>>} */
  #kept = new Map();
  /** One thing after the other: what is noted of a file comes after the file. @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** @type {Set<string>} what need not be kept any more, though it may not be in yet */
  #over = new Set();

  /**
   * @param {Kept} kept
   * @returns {Promise<Keeping>}
   */
  put({ key, file, facts }) {
    return this.#inTurn(async (database) => {
      if (this.#kept.has(key)) {
        return 'kept';
      }
      if (this.#over.has(key) || !(await this.#hasRoom(file.size))) {
        return 'full';
      }
      await this.#hold();
      const row = { key, page: this.#page, bytes: file.size, added_ms: performance.timeOrigin + performance.now() };
      await change(database, (files, rows) => {
        files.put(file, key);
        rows.put({ ...row, facts });
      });
      this.#kept.set(key, row);
      return 'kept';
    });
  }

  /**
   * @param {string} key
   * @param {Facts} facts
   */
  note(key, facts) {
    void this.#inTurn(async (database) => {
      const row = this.#kept.get(key);
      if (row) {
        await change(database, (_files, rows) => rows.put({ ...row, facts }));
      }
      return 'kept';
    });
  }

  /** @param {string} key */
  drop(key) {
    this.#over.add(key);
    void this.#inTurn(async (database) => {
      if (this.#kept.delete(key)) {
        await change(database, (files, rows) => {
          files.delete(key);
          rows.delete(key);
        });
      }
      this.#over.delete(key);
      return 'off';
    });
  }

  /** @param {(kept: Kept[]) => void} take  in the order in which they were added */
  async adopt(take) {
    const database = await this.#open();
    if (!database) {
      return;
    }
    const rows = await resultOf(/** @type {IDBRequest<Row[]>} */ (store(database, FACTS).getAll()));
    const pages = new Set(rows.map(({ page }) => page));
    pages.delete(this.#page);
    await Promise.all([...pages].map(async (page) => take(await this.#takeOver(database, page))));
  }

  /**
   * @param {IDBDatabase} database
   * @param {string} page
   * @returns {Promise<Kept[]>} nothing if that page lives
   */
  async #takeOver(database, page) {
    const signal = AbortSignal.timeout(LETS_GO_WITHIN_MS);
    const take = async () => {
      const index = store(database, FACTS).index('page');
      const rows = await resultOf(/** @type {IDBRequest<Row[]>} */ (index.getAll(page)));
      if (rows.length === 0) {
        return []; // another page was quicker
      }
      rows.sort((one, other) => one.added_ms - other.added_ms);
      const files = await Promise.all(rows.map(({ key }) => resultOf(store(database, FILES).get(key))));
      await this.#hold();
      await change(database, (_files, all) => {
        for (const { facts, ...row } of rows) {
          const mine = { ...row, page: this.#page };
          all.put({ ...mine, facts });
          this.#kept.set(row.key, mine);
        }
      });
      return rows.map(({ key, facts }, at) => ({ key, file: files[at], facts }));
    };
    try {
      return await navigator.locks.request(lockOf(page), { signal }, take);
    } catch (error) {
      if (signal.aborted) {
        return [];
      }
      throw error;
    }
  }

  /**
   * What other pages keep is in the browser's own account.
   *
   * @param {number} bytes
   */
  async #hasRoom(bytes) {
    const mine = [...this.#kept.values()].reduce((sum, row) => sum + row.bytes, 0);
    const { quota = 0, usage = 0 } = await navigator.storage.estimate();
    return mine + bytes <= Math.min(MOST_BYTES, SHARE * (quota - usage + mine));
  }

  /**
   * @param {(database: IDBDatabase) => Promise<Keeping>} act
   * @returns {Promise<Keeping>}
   */
  #inTurn(act) {
    const turn = this.#last.then(async () => {
      const database = await this.#open();
      try {
        return database ? await act(database) : 'off';
      } catch (error) {
        if (error instanceof DOMException) {
          return 'full'; // no room after all, or the file cannot be read
        }
        throw error;
      }
    });
    this.#last = turn;
    return turn;
  }

  /** Null where the browser keeps nothing, or where no lock could say whose it is. */
  #open() {
    this.#opening ??= openDatabase();
    return this.#opening;
  }

  /** Only once there is something to keep: a page with a lock is not kept for Back and Forward. */
  #hold() {
    this.#holding ??= hold(lockOf(this.#page));
    return this.#holding;
  }
}

/** @param {string} page */
function lockOf(page) {
  return `${DATABASE} ${page}`;
}

/**
 * Takes a lock for as long as the page lives.
 *
 * @param {string} name
 */
function hold(name) {
  return new Promise((resolve) => {
    void navigator.locks.request(name, () => {
      resolve(undefined);
      return new Promise(() => {});
    });
  });
}

/** @returns {Promise<IDBDatabase | null>} */
async function openDatabase() {
  if (!globalThis.indexedDB || !navigator.locks) {
    return null;
  }
  try {
    const opening = indexedDB.open(DATABASE, 1);
    opening.addEventListener('upgradeneeded', () => {
      opening.result.createObjectStore(FILES);
      opening.result.createObjectStore(FACTS, { keyPath: 'key' }).createIndex('page', 'page');
    });
    return await resultOf(opening);
  } catch (error) {
    if (error instanceof DOMException) {
      return null; // people may forbid sites to store anything
    }
    throw error;
  }
}

/**
 * @param {IDBDatabase} database
 * @param {typeof FILES | typeof FACTS} name
 */
function store(database, name) {
  return database.transaction(name).objectStore(name);
}

/**
 * Changes files and facts together: both, or nothing.
 *
 * @param {IDBDatabase} database
 * @param {(files: IDBObjectStore, facts: IDBObjectStore) => void} act
 */
function change(database, act) {
  const transaction = database.transaction([FILES, FACTS], 'readwrite');
  act(transaction.objectStore(FILES), transaction.objectStore(FACTS));
  return new Promise((resolve, reject) => {
    transaction.addEventListener('complete', () => resolve(undefined));
    transaction.addEventListener('abort', () => reject(transaction.error ?? new DOMException('Full', 'QuotaExceeded')));
  });
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function resultOf(request) {
  return new Promise((resolve, reject) => {
    request.addEventListener('success', () => resolve(request.result));
    request.addEventListener('error', () => reject(request.error));
  });
}
