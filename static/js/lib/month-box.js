/** @import { ImageCard } from '../components/image-card.js' */
/** @import { Entry, Month } from './shelf.js' */
/** @import { Frame, Row } from './rows.js' */

import { find, fromTemplate } from './dom.js';
import { countPhotos, formatMonth } from './format.js';
import { rowsOf, segmentsOf } from './rows.js';

/**
 * One month in the grid: its heading, and the rows that are near enough to be seen. The rest are empty boxes of
 * their height, so that the page stays as long as it is and the document stays small.
 */
export class MonthBox {
  /** @type {HTMLElement} */
  element;
  /** @type {Entry[]} */
  entries = [];
  /** @type {Row[]} */
  rows = [];
  /** @type {Map<string, ImageCard>} */
  cards = new Map();
  #images;
  #makeCard;
  /** @type {HTMLElement[]} */
  #spaces = [];
  /** @type {Frame} */
  #frame = { width: 0, row: 1, gap: 0, widest: 1, most: 1 };

  /**
   * @param {HTMLElement | null} element  from the server; null makes a new one
   * @param {(entry: Entry, width_px: number) => ImageCard} makeCard
   */
  constructor(element, makeCard) {
    this.element = element ?? fromTemplate('month', HTMLElement);
    this.#images = find(this.element, '.month__images', HTMLElement);
    this.#makeCard = makeCard;
  }

  /**
   * Takes what the month holds now, and computes its rows.
   *
   * @param {Month} month
   * @param {Frame} frame
   * @param {{ isOpen?: boolean, isOnly?: boolean }} [options]  open: more will follow, and a last row that is not
   *     full waits for it, since it would grow before one's eyes; only: there is nothing else to see meanwhile
   */
  arrange({ month, entries, count, capped }, frame, { isOpen = false, isOnly = false } = {}) {
    const title = find(this.element, '.month__title', HTMLElement);
    title.id = `month-${month}`;
    this.element.dataset.month = month;
    this.element.setAttribute('aria-labelledby', title.id);
    setText(find(title, '.month__name', HTMLElement), formatMonth(month));
    setText(find(title, '.month__count', HTMLElement), countPhotos(count, { capped }));
    this.entries = entries;
    this.#frame = frame;
    const ratios = entries.map(({ ratio }) => ratio);
    this.rows = rowsOf(ratios, frame);
    const waits = isOpen && !(isOnly && this.rows.length === 1);
    if (waits) {
      this.rows.pop();
    }
    this.element.classList.toggle('month--open', waits);
    this.element.hidden = this.rows.length === 0;
  }

  /** Where the first row begins, in pixels from the top of the window. */
  get top() {
    return this.#images.getBoundingClientRect().top;
  }

  /**
   * Draws the rows between two heights, and those of the kept entries.
   *
   * @param {{ top: number, bottom: number }} sight  in pixels from the top of the first row
   * @param {ReadonlySet<string>} kept  keys
   */
  draw({ top, bottom }, kept) {
    const keep = [...kept].map((key) => this.entries.findIndex((entry) => entry.key === key));
    const { gap } = this.#frame;
    const segments = segmentsOf(this.rows, { top, bottom, gap, keep });
    const spaces = this.#spacesFor(segments.flatMap(({ space }) => (space > 0 ? space : [])));
    const wanted = segments.flatMap(({ start, end, space }) =>
      space > 0
        ? (spaces.shift() ?? [])
        : this.entries.slice(start, end).map((entry, at) => this.#card(entry, start + at)),
    );
    this.#place(wanted);
  }

  /**
   * @param {Entry} entry
   * @param {number} index
   */
  #card(entry, index) {
    const known = this.cards.get(entry.key);
    if (known) {
      return known;
    }
    const height = this.rows.find((row) => index < row.end)?.height ?? this.#frame.row;
    const shape = Math.min(entry.ratio / 100, this.#frame.widest);
    const card = this.#makeCard(entry, Math.ceil(height * shape));
    this.cards.set(entry.key, card);
    return card;
  }

  /**
   * Boxes of these heights, the ones from last time first.
   *
   * @param {number[]} heights_px
   */
  #spacesFor(heights_px) {
    this.#spaces = heights_px.map((height_px, at) => {
      const space = this.#spaces[at] ?? document.createElement('div');
      space.className = 'month__space';
      space.setAttribute('role', 'presentation');
      space.style.height = `${height_px}px`;
      return space;
    });
    return [...this.#spaces];
  }

  /**
   * Makes these the children, in this order. What stays is never moved: a moved element loses its focus.
   *
   * @param {HTMLElement[]} wanted
   */
  #place(wanted) {
    const staying = new Set(wanted);
    for (const child of [...this.#images.children]) {
      if (child instanceof HTMLElement && !staying.has(child)) {
        child.remove();
      }
    }
    const drawn = new Set(wanted);
    for (const [key, card] of this.cards) {
      if (!drawn.has(card)) {
        this.cards.delete(key);
      }
    }
    let next = this.#images.firstElementChild;
    for (const child of wanted) {
      if (child === next) {
        next = next.nextElementSibling;
      } else {
        this.#images.insertBefore(child, next);
      }
    }
  }
}

/**
 * @param {HTMLElement} element
 * @param {string} text
 */
function setText(element, text) {
  if (element.textContent !== text) {
    element.textContent = text;
  }
}
