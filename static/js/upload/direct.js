import { recall, remember } from '../lib/memory.js';

const NAME = 'vitrine.store-out-of-reach';

/** So long a store that could not be reached from this browser is not tried again. */
const FOR_MS = 30 * 60_000;

/**
 * Whether files go straight to the store of the gallery. Where that cannot be reached from this browser (an office that
 * lets few hosts through, a store that does not let our pages in) they come here for a while, and we bring them there.
 */
export class Direct {
  #store;
  #now;
  /** For a browser that remembers nothing. */
  #told = '';

  /** @param {{ store: string | null, now?: () => number }} options  store: its name; null: there is none to go to */
  constructor({ store, now = Date.now }) {
    this.#store = store;
    this.#now = now;
  }

  /** Its name; null: there is none to go to. */
  get store() {
    return this.#store;
  }

  get isOn() {
    return this.#store !== null && this.lostUntil_ms === null;
  }

  /** Until when the store is taken to be out of reach, in milliseconds since the epoch; null while it is not. */
  get lostUntil_ms() {
    const [store, until] = (this.#told || recall(NAME) || '').split(' ');
    const until_ms = Number(until);
    return store === this.#store && until_ms > this.#now() && until_ms <= this.#now() + FOR_MS ? until_ms : null;
  }

  /** The store did not answer, though the gallery does. */
  giveUp() {
    this.#told = `${this.#store} ${this.#now() + FOR_MS}`;
    remember(NAME, this.#told);
  }
}
