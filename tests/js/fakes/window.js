/** As much of a window as has an address and a history. */
export class FakeWindow extends EventTarget {
  /** @type {{ path: string, state: any }[]} */
  #entries;
  #at = 0;

  /** @param {string} path */
  constructor(path) {
    super();
    this.#entries = [{ path, state: null }];
  }

  get location() {
    return { pathname: this.#entry.path.replace(/\?.*/, '') };
  }

  /** The whole address, with its query. */
  get path() {
    return this.#entry.path;
  }

  get length() {
    return this.#entries.length;
  }

  get history() {
    return {
      state: this.#entry.state,
      pushState: (/** @type {any} */ state, /** @type {string} */ _unused, /** @type {string} */ path) => {
        this.#entries.splice(this.#at + 1, Infinity, { path: path || this.path, state });
        this.#at += 1;
      },
      replaceState: (/** @type {any} */ state, /** @type {string} */ _unused, /** @type {string} */ path) => {
        this.#entries[this.#at] = { path: path || this.path, state };
      },
      back: () => this.#go(-1),
      forward: () => this.#go(1),
    };
  }

  get #entry() {
    return this.#entries[this.#at] ?? { path: '', state: null };
  }

  /** @param {number} by */
  #go(by) {
    this.#at += by;
    this.dispatchEvent(new Event('popstate'));
  }
}
