/**
 * Which images are selected, by id. A range leads from the one chosen last to another, in the order that is shown;
 * another range from there takes its place.
 */
export class Selection {
  /** @type {Set<string>} */
  #ids = new Set();
  /** @type {string | null} where a range begins */
  #anchor = null;
  /** @type {Set<string>} what was selected before the range */
  #before = new Set();

  get size() {
    return this.#ids.size;
  }

  get ids() {
    return [...this.#ids];
  }

  get anchor() {
    return this.#anchor;
  }

  /** @param {string} id */
  has(id) {
    return this.#ids.has(id);
  }

  /** @param {string} id */
  toggle(id) {
    if (!this.#ids.delete(id)) {
      this.#ids.add(id);
    }
    this.#begin(id);
  }

  /**
   * Selects from the anchor to here; without one, this image alone.
   *
   * @param {string} id
   * @param {readonly string[]} order  every id, as shown
   */
  extend(id, order) {
    const from = this.#anchor === null ? -1 : order.indexOf(this.#anchor);
    const to = order.indexOf(id);
    if (from === -1 || to === -1) {
      this.#ids.add(id);
      this.#begin(id);
    } else {
      const range = order.slice(Math.min(from, to), Math.max(from, to) + 1);
      this.#ids = new Set([...this.#before, ...range]);
    }
  }

  /**
   * A range that is about to be drawn begins here, unless one was begun.
   *
   * @param {string} id
   */
  startAt(id) {
    if (this.#anchor === null || !this.#ids.has(this.#anchor)) {
      this.#begin(id);
    }
  }

  /** @param {readonly string[]} ids */
  add(ids) {
    this.#ids = new Set([...this.#ids, ...ids]);
    this.#before = new Set(this.#ids);
  }

  /**
   * @param {readonly string[]} ids
   * @returns {boolean} whether one of them was selected
   */
  drop(ids) {
    const before = this.#ids.size;
    for (const id of ids) {
      this.#ids.delete(id);
      this.#before.delete(id);
    }
    return this.#ids.size < before;
  }

  clear() {
    this.#ids.clear();
    this.#before.clear();
    this.#anchor = null;
  }

  /** @param {string} id */
  #begin(id) {
    this.#anchor = id;
    this.#before = new Set(this.#ids);
  }
}
