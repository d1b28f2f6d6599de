/** @import { Counts, ImageJson, ImageList, Upload } from '../types.js' */

import { monthOf } from './format.js';
import { ratioOf } from './rows.js';

/** The server counts no further; so many mean "so many or more". */
const COUNT_CAP = 1000;

/**
 * One place in the grid: an image, or a file on its way to becoming one. `key` stays the same when it does.
 *
 * @typedef {object} Entry
 * @property {string} key
 * @property {string} month  `2026-11`
 * @property {number} ratio  width over height, in hundredths
 * @property {ImageJson | null} image
 * @property {Upload | null} upload
 */

/**
 * @typedef {object} Month
 * @property {string} month
 * @property {Entry[]} entries
 * @property {number} count  of all images that arrived then, loaded or not
 * @property {boolean} capped
 */

/** What the grid shows: images by arrival, newest first, and before them the files on their way. */
export class Shelf {
  #entries;
  /** @type {Map<string, number>} */
  #months = new Map();
  #total = 0;
  #capped = false;
  #fromNewest;
  #complete = true;

  /**
   * @param {ImageList} list
   * @param {{ fromNewest?: boolean, pending?: Entry[] }} [options]  whether the list begins with the newest image;
   *     files on their way, as they stood on another shelf
   */
  constructor(list, { fromNewest = true, pending = [] } = {}) {
    this.#fromNewest = fromNewest;
    this.#entries = pending;
    this.append(list);
  }

  /** Images in order. */
  get images() {
    return this.#entries.flatMap(({ image }) => image ?? []);
  }

  /** Images and files on their way, in order. */
  get entries() {
    return /** @type {readonly Entry[]} */ (this.#entries);
  }

  /** Files on their way, in order. */
  get pending() {
    return this.#entries.filter(({ upload }) => upload);
  }

  /** @returns {Omit<Counts, 'months'>} of all images that meet the filter, loaded or not */
  get counts() {
    return { total: this.#total, capped: this.#capped };
  }

  /** @returns {Month[]} */
  get months() {
    /** @type {Month[]} */
    const months = [];
    for (const entry of this.#entries) {
      if (months.at(-1)?.month !== entry.month) {
        const count = this.#months.get(entry.month) ?? 0;
        months.push({ month: entry.month, entries: [], count, capped: count >= COUNT_CAP });
      }
      months.at(-1)?.entries.push(entry);
    }
    return months;
  }

  /**
   * The next, older page.
   *
   * @param {ImageList} list
   */
  append({ images, counts, next_cursor }) {
    const known = new Set(this.#entries.map(({ image }) => image?.id));
    this.#entries.push(...images.filter(({ id }) => !known.has(id)).map(entryOf));
    this.#complete = next_cursor === null;
    for (const [month, count] of Object.entries(counts?.months ?? {})) {
      this.#months.set(month, count);
    }
    this.#total = counts?.total ?? this.#entries.length;
    this.#capped = counts?.capped ?? false;
  }

  /** @param {string} id */
  find(id) {
    return this.#entries.find(({ image }) => image?.id === id) ?? null;
  }

  /**
   * Puts an image where its arrival belongs; one that is here already is replaced. It is counted but not shown if
   * its place is among those not loaded.
   *
   * @param {ImageJson} image
   */
  add(image) {
    if (this.replace(image)) {
      return;
    }
    this.#count(monthOf(image.created_at), 1);
    const place = this.#entries.findIndex((entry) => entry.image && entry.image.created_at <= image.created_at);
    const first = this.#entries.findIndex((entry) => entry.image);
    if (place === -1 && this.#complete) {
      this.#entries.push(entryOf(image));
    } else if (place > first || (place !== -1 && this.#fromNewest)) {
      this.#entries.splice(place, 0, entryOf(image));
    }
  }

  /**
   * @param {ImageJson} image
   * @returns {boolean} whether it was there
   */
  replace(image) {
    const entry = this.find(image.id);
    if (!entry) {
      return false;
    }
    entry.image = image;
    entry.ratio = ratioOf(image);
    return true;
  }

  /** @param {ReadonlySet<string>} ids  of images, some of which may not be here */
  remove(ids) {
    this.#entries = this.#entries.filter(({ image, month }) => {
      const goes = image !== null && ids.has(image.id);
      if (goes) {
        this.#count(month, -1);
      }
      return !goes;
    });
  }

  /**
   * Puts files in front as the newest of this month, the last one first.
   *
   * @param {readonly { upload: Upload, size: { width: number, height: number } }[]} files
   */
  addPending(files) {
    const month = monthOf(new Date().toISOString());
    for (const { upload, size } of files) {
      this.#entries.unshift({ key: upload.key, month, ratio: ratioOf(size), image: null, upload });
    }
  }

  /**
   * The file has become this image, in the same place.
   *
   * @param {string} key
   * @param {ImageJson} image
   * @returns {Entry | null}
   */
  settle(key, image) {
    const entry = this.#pending(key);
    if (!entry) {
      return null;
    }
    this.remove(new Set([image.id])); // the live stream can be faster than the answer
    Object.assign(entry, { image, upload: null, ratio: ratioOf(image) });
    this.#count(entry.month, 1);
    return entry;
  }

  /**
   * The file will not become an image.
   *
   * @param {string} key
   */
  drop(key) {
    const entry = this.#pending(key);
    if (entry) {
      this.#entries.splice(this.#entries.indexOf(entry), 1);
    }
    return entry;
  }

  /** @param {string} key */
  #pending(key) {
    return this.#entries.find((entry) => entry.upload && entry.key === key) ?? null;
  }

  /**
   * @param {string} month
   * @param {1 | -1} change
   */
  #count(month, change) {
    const count = this.#months.get(month) ?? 0;
    if (count < COUNT_CAP) {
      this.#months.set(month, count + change);
    }
    if (!this.#capped) {
      this.#total += change;
    }
  }
}

/**
 * @param {ImageJson} image
 * @returns {Entry}
 */
function entryOf(image) {
  return { key: image.id, month: monthOf(image.created_at), ratio: ratioOf(image), image, upload: null };
}
