/** @import { ImageJson, ImageList, Upload } from '../types.js' */
/** @import { Entry } from '../lib/shelf.js' */

import { listenToCards } from '../lib/card-actions.js';
import { announce } from '../lib/dom.js';
import { MonthList } from '../lib/month-list.js';
import { Picks } from '../lib/picks.js';
import { listenToScrolling } from '../lib/scrolling.js';
import { Shelf } from '../lib/shelf.js';

/** More is asked for when the end is nearer than this, in heights of the window. */
const NEAR_END = 2;

/**
 * The photographs by month, newest first. Takes over what the server drew; draws only the rows that are near the
 * window. Attribute `busy`: another list is on its way; `selecting`: some are selected.
 * Says `image-open`, `image-delete`, `selection-changed`, `more-wanted`, `place-changed`, `grid-changed`.
 */
export class ImageGrid extends HTMLElement {
  #shelf = new Shelf({ images: [], next_cursor: null });
  #months = new MonthList(this);
  #picks = new Picks(this, {
    months: this.#months,
    entries: () => this.#shelf.entries,
    focus: (entry) => this.#focus(entry),
  });
  #listening = new AbortController();
  #more = false;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    listenToScrolling(this, { signal, draw: () => this.#draw(), place: () => this.#months.firstInSight() });
    this.#picks.listen(signal);
    listenToCards(this, {
      signal,
      entryAt: (target) => this.#months.entryAt(target),
      go: (entry, key) => this.#focus(this.#months.step(entry, key)),
    });
    const observer = new ResizeObserver(() => this.#onResize());
    observer.observe(this);
    signal.addEventListener('abort', () => observer.disconnect());
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  /** Whether there is more to ask for. */
  get more() {
    return this.#more;
  }

  /** The images loaded so far, in order. */
  get images() {
    return this.#shelf.images;
  }

  /** How many there are in all. */
  get counts() {
    return this.#shelf.counts;
  }

  /** What is selected. */
  get picks() {
    return this.#picks;
  }

  /** @param {string} id */
  find(id) {
    return this.#shelf.find(id)?.image ?? null;
  }

  /** @param {string} id */
  has(id) {
    return this.#shelf.find(id) !== null;
  }

  /** Nothing to see, not even a file on its way. */
  get isEmpty() {
    return this.#shelf.entries.length === 0;
  }

  /**
   * Shows this list instead; what the server drew of it stays.
   *
   * @param {ImageList} list
   * @param {{ fromNewest: boolean }} options  whether it begins with the newest image
   */
  fill(list, options) {
    this.#shelf = new Shelf(list, { ...options, pending: this.#shelf.pending });
    this.#more = list.next_cursor !== null;
    this.#months.measure();
    this.#months.adopt();
    this.#arrange();
  }

  /**
   * Adds the next, older page at the end.
   *
   * @param {ImageList} list
   */
  extend(list) {
    this.#shelf.append(list);
    this.#more = list.next_cursor !== null;
    this.#arrange();
  }

  /** More cannot be had for now: shows all there is. */
  close() {
    this.#more = false;
    this.#arrange();
  }

  /**
   * Puts images where they belong; those that are here already are updated.
   *
   * @param {ImageJson[]} images
   */
  add(...images) {
    this.#change(() => {
      for (const image of images) {
        this.#shelf.add(image);
      }
    });
    for (const image of images) {
      this.#months.cardOf(this.#shelf.find(image.id))?.update(image);
    }
  }

  /**
   * Shows an image that is here as it is now.
   *
   * @param {ImageJson} image
   */
  update(image) {
    if (this.has(image.id)) {
      this.add(image);
    }
  }

  /**
   * Takes images out; the focus goes to the next one that stays.
   *
   * @param {readonly string[]} ids
   * @returns {ImageJson[]} what was there
   */
  takeOut(ids) {
    const going = new Set(ids);
    const gone = this.images.filter(({ id }) => going.has(id));
    this.#picks.drop(ids);
    if (gone.length === 0) {
      return gone;
    }
    const { entries } = this.#shelf;
    const focused = this.contains(document.activeElement) ? this.#months.entryAt(document.activeElement) : null;
    const stays = (/** @type {Entry} */ { image }) => !image || !going.has(image.id);
    const at = focused ? entries.indexOf(focused) : -1;
    const next = entries.slice(at).find(stays) ?? entries.slice(0, Math.max(at, 0)).findLast(stays) ?? null;
    this.#change(() => this.#shelf.remove(going));
    if (focused && !stays(focused)) {
      this.#focus(next);
    }
    return gone;
  }

  /**
   * Shows files on their way, the last one in front.
   *
   * @param {{ upload: Upload, size: { width: number, height: number } }[]} files
   */
  addPending(files) {
    this.#change(() => this.#shelf.addPending(files));
  }

  /**
   * A file has arrived: its card becomes the image's.
   *
   * @param {string} key
   * @param {ImageJson} image
   */
  async settle(key, image) {
    const entry = this.#shelf.settle(key, image);
    if (entry) {
      await this.#months.cardOf(entry)?.settle(image);
      this.#change(() => {});
    } else {
      this.add(image);
    }
  }

  /**
   * A file on its way waits, goes on, or has failed.
   *
   * @param {string} key
   * @param {'pending' | 'failed'} state
   */
  mark(key, state) {
    const entry = this.#shelf.entries.find((each) => each.key === key);
    if (entry?.upload) {
      this.#months.cardOf(entry)?.setAttribute('state', state);
    }
  }

  /**
   * A file will not arrive.
   *
   * @param {string} key
   */
  drop(key) {
    this.#change(() => this.#shelf.drop(key));
  }

  /**
   * Scrolls an image into sight: to the given distance from the top of the window, else to its middle.
   *
   * @param {string} id
   * @param {{ offset_px?: number, mark?: boolean }} [options]  mark: points it out for a moment
   * @returns {boolean} whether it is here
   */
  goTo(id, { offset_px, mark = false } = {}) {
    const card = this.#drawn(this.#shelf.find(id));
    if (!card) {
      return false;
    }
    this.#months.scrollTo(card, offset_px);
    this.#draw();
    if (mark) {
      card.pointOut();
    }
    return true;
  }

  /** @param {string} id */
  focusOn(id) {
    this.#focus(this.#shelf.find(id));
  }

  /** @param {string} id  of an image that is near the window, else null comes back */
  thumbnailOf(id) {
    return this.#months.cardOf(this.#shelf.find(id))?.photo ?? null;
  }

  /** @param {() => void} change  of what is on the shelf */
  #change(change) {
    this.#months.move(() => {
      change();
      this.#arrange();
    });
    this.#draw();
  }

  #arrange() {
    this.#months.arrange(this.#shelf.months, { isOpen: this.#more });
    this.#draw();
    announce(this, 'grid-changed', {});
  }

  /** @param {Entry | null} [wanted]  drawn wherever it is */
  #draw(wanted = null) {
    this.#months.draw(wanted);
    this.#picks.draw();
    const { bottom, width } = this.getBoundingClientRect();
    if (this.#more && width > 0 && bottom < (1 + NEAR_END) * window.innerHeight) {
      announce(this, 'more-wanted', {});
    }
  }

  /**
   * The card of an entry, which is in the document now; null if its row waits for more.
   *
   * @param {Entry | null} entry
   */
  #drawn(entry) {
    this.#draw(entry);
    return this.#months.cardOf(entry);
  }

  /**
   * @param {Entry | null} entry
   * @returns {boolean} whether it is there
   */
  #focus(entry) {
    const card = this.#drawn(entry);
    card?.link.focus();
    return card !== null;
  }

  #onResize() {
    const place = this.#months.firstInSight();
    if (!this.isEmpty && this.#months.measure()) {
      this.#arrange();
      if (place && window.scrollY > 0) {
        this.goTo(place.id, place);
      }
    }
  }
}

customElements.define('image-grid', ImageGrid);
