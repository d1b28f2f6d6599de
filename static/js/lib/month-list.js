/** @import { ImageCard } from '../components/image-card.js' */
/** @import { Frame } from './rows.js' */
/** @import { Entry, Month } from './shelf.js' */

import { fromTemplate } from './dom.js';
import { MonthBox } from './month-box.js';
import { holdStill, slide } from './motion.js';
import { stepFrom } from './rows.js';

/** Rows are drawn this far above and below the window, in heights of the window. */
const AHEAD = 1.25;

/** The months of a grid in the document, one below the other. */
export class MonthList {
  #root;
  /** Still as the server drew it. */
  #isServed = true;
  /** @type {Map<string, ImageCard>} cards of the list before, by image or file */
  #spare = new Map();
  /** @type {HTMLElement | null} what had the focus in the list before: a card that is moved loses it */
  #focused = null;
  /** @type {Map<string, MonthBox>} */
  #boxes = new Map();
  /** @type {Frame} */
  #frame = { width: 0, row: 1, gap: 0, widest: 1, most: 1 };

  /** @param {HTMLElement} root  carries the knobs of image-grid.css */
  constructor(root) {
    this.#root = root;
  }

  /** Every card in the document, from the top of the page to its end. */
  get cards() {
    return [...this.#boxes.values()].flatMap((box) => [...box.cards.values()]);
  }

  /** @param {Entry | null | undefined} entry */
  cardOf(entry) {
    return (entry && this.#boxes.get(entry.month)?.cards.get(entry.key)) ?? null;
  }

  /**
   * The entry whose card this is, or is part of.
   *
   * @param {EventTarget | null} target
   * @returns {Entry | null}
   */
  entryAt(target) {
    const card = target instanceof Element ? target.closest('image-card') : null;
    for (const box of this.#boxes.values()) {
      for (const entry of box.entries) {
        if (card && box.cards.get(entry.key) === card) {
          return entry;
        }
      }
    }
    return null;
  }

  /**
   * The entry that an arrow key, Home or End leads to from another.
   *
   * @param {Entry} entry
   * @param {string} key
   * @returns {Entry | null}
   */
  step(entry, key) {
    const boxes = [...this.#boxes.values()];
    const entries = boxes.flatMap((box) => box.entries);
    let before = 0;
    const rows = boxes.flatMap((box) => {
      const counted = box.rows.map((row) => ({ ...row, start: row.start + before, end: row.end + before }));
      before += box.entries.length;
      return counted;
    });
    const index = stepFrom(entries.indexOf(entry), key, { ratios: entries.map(({ ratio }) => ratio), rows });
    return entries[index] ?? null;
  }

  /**
   * Makes a change. What is looked at stays where it is, what moves slides there.
   *
   * @param {() => void} change
   */
  move(change) {
    const { cards } = this;
    slide(cards, () => holdStill(cards, change));
  }

  /**
   * Reads how wide the grid is. Says whether that has changed.
   */
  measure() {
    const { width } = this.#root.getBoundingClientRect();
    const changed = width !== this.#frame.width;
    const style = getComputedStyle(this.#root);
    const knob = (/** @type {string} */ name) => Number.parseFloat(style.getPropertyValue(`--image-grid-${name}`));
    const [row, gap, widest, most] = [knob('row'), knob('gap'), knob('widest'), knob('most')];
    this.#frame = { width, row, gap, widest, most };
    return changed;
  }

  /**
   * Another list is to be shown. Its cards that stand in the document already are used again; the months that the
   * server drew stay where they are. Months of a list before make way for new ones: in those nothing has moved.
   */
  adopt() {
    for (const card of /** @type {NodeListOf<ImageCard>} */ (this.#root.querySelectorAll('image-card'))) {
      this.#spare.set(card.dataset.id ?? card.dataset.key ?? '', card);
    }
    const focused = document.activeElement;
    this.#focused = focused instanceof HTMLElement && this.#root.contains(focused) ? focused : null;
    this.#boxes.clear();
    if (this.#isServed) {
      for (const section of /** @type {NodeListOf<HTMLElement>} */ (this.#root.querySelectorAll('.month'))) {
        this.#boxes.set(section.dataset.month ?? '', this.#box(section));
      }
      this.#isServed = false;
    }
  }

  /**
   * Puts the months in order.
   *
   * @param {Month[]} months
   * @param {{ isOpen: boolean }} options  more will follow
   */
  arrange(months, { isOpen }) {
    const known = this.#boxes;
    this.#boxes = new Map();
    let next = this.#root.firstElementChild;
    for (const month of months) {
      const box = known.get(month.month) ?? this.#box(null);
      this.#boxes.set(month.month, box);
      box.arrange(month, this.#frame, { isOpen: isOpen && month === months.at(-1), isOnly: months.length === 1 });
      if (box.element === next) {
        next = next.nextElementSibling;
      } else {
        this.#root.insertBefore(box.element, next);
      }
    }
    while (next) {
      const gone = next;
      next = next.nextElementSibling;
      gone.remove();
    }
  }

  /**
   * Draws the rows near the window; and wherever it is, the card with the focus, and the one of `wanted`.
   *
   * @param {Entry | null} [wanted]
   */
  draw(wanted = null) {
    const focused = this.#root.contains(document.activeElement) ? this.entryAt(document.activeElement) : null;
    const kept = new Set([focused, wanted].flatMap((entry) => entry?.key ?? []));
    const before = this.#tops();
    this.#drawAt(before, kept);
    const after = this.#tops();
    if (after.some((top, at) => Math.abs(top - (before[at] ?? 0)) > 1)) {
      this.#drawAt(after, kept); // months had heights of another list, and others are near the window now
    }
    this.#spare.clear();
    if (this.#focused?.isConnected && document.activeElement !== this.#focused) {
      this.#focused.focus({ preventScroll: true });
    }
    this.#focused = null;
  }

  /** The first image that is not above the window, and how far below its top it stands. */
  firstInSight() {
    for (const card of this.cards) {
      const { top } = card.getBoundingClientRect();
      if (top >= 0 && card.image) {
        return { id: card.image.id, offset_px: Math.round(top) };
      }
    }
    return null;
  }

  /**
   * Scrolls a card into sight: to the given distance from the top of the window, else to its middle.
   *
   * @param {ImageCard} card
   * @param {number} [offset_px]
   */
  scrollTo(card, offset_px) {
    if (offset_px === undefined) {
      card.scrollIntoView({ block: 'center' });
    } else {
      scrollBy(0, card.getBoundingClientRect().top - offset_px);
    }
  }

  /** Where the months begin, in pixels from the top of the window. */
  #tops() {
    return [...this.#boxes.values()].map((box) => box.top);
  }

  /**
   * Writes only: what was read before it holds for all months, and the browser lays the page out once.
   *
   * @param {number[]} tops
   * @param {ReadonlySet<string>} kept
   */
  #drawAt(tops, kept) {
    const height = window.innerHeight;
    for (const [at, box] of [...this.#boxes.values()].entries()) {
      const top = tops[at] ?? 0;
      box.draw({ top: -AHEAD * height - top, bottom: (1 + AHEAD) * height - top }, kept);
    }
  }

  /** @param {HTMLElement | null} section */
  #box(section) {
    return new MonthBox(section, (entry, width_px) => this.#spareCard(entry) ?? makeCard(entry, width_px));
  }

  /** @param {Entry} entry */
  #spareCard({ key, image }) {
    const card = this.#spare.get(image?.id ?? key);
    if (card && image) {
      card.take(image);
    }
    return card;
  }
}

/**
 * @param {Entry} entry
 * @param {number} width_px
 */
function makeCard({ image, upload, ratio }, width_px) {
  const card = /** @type {ImageCard} */ (fromTemplate('image-card', HTMLElement));
  if (image) {
    card.show(image, { width_px });
  } else if (upload) {
    card.showPending(upload, { width: ratio, height: 100 });
  }
  return card;
}
