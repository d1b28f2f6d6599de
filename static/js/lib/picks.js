/** @import { MonthList } from './month-list.js' */
/** @import { Entry } from './shelf.js' */

import { listenToSelecting } from './card-selecting.js';
import { announce } from './dom.js';
import { Selection } from './selection.js';

/**
 * The selected cards of a grid. What is selected stays so when it scrolls away, and when another list is shown.
 * The grid says `selection-changed` and `selection-action` for it, and has the attribute `selecting` meanwhile.
 */
export class Picks {
  #selection = new Selection();
  #grid;
  #months;
  #entries;
  #focus;

  /**
   * @param {HTMLElement} grid
   * @param {{ months: MonthList, entries: () => readonly Entry[], focus: (entry: Entry | null) => boolean }} parts
   */
  constructor(grid, { months, entries, focus }) {
    this.#grid = grid;
    this.#months = months;
    this.#entries = entries;
    this.#focus = focus;
  }

  /** Only where something can be done with what is selected.
   * @param {AbortSignal} signal */
  listen(signal) {
    if (!document.querySelector('template[data-name="card-tick"]')) {
      return;
    }
    listenToSelecting(this.#grid, {
      signal,
      entryAt: (target) => this.#months.entryAt(target),
      go: (entry, key) => this.#go(entry, key),
      isSelecting: () => this.#selection.size > 0,
      toggle: (id) => this.#change((selection) => selection.toggle(id)),
      extend: (id, from) =>
        this.#change((selection) => {
          if (from) {
            selection.startAt(from);
          }
          selection.extend(id, this.#order);
        }),
      all: () => this.all(),
      clear: () => this.clear(),
      act: (action) => announce(this.#grid, 'selection-action', { action }),
    });
  }

  /** In the order shown; those that are not shown come last. */
  get ids() {
    const shown = this.#order.filter((id) => this.#selection.has(id));
    const known = new Set(shown);
    return [...shown, ...this.#selection.ids.filter((id) => !known.has(id))];
  }

  get size() {
    return this.#selection.size;
  }

  /** The one that was chosen last, or where a range began. */
  get anchor() {
    return this.#selection.anchor;
  }

  /** All that are loaded. */
  all() {
    this.#change((selection) => selection.add(this.#order));
  }

  clear() {
    this.#change((selection) => selection.clear());
  }

  /** @param {readonly string[]} ids */
  add(ids) {
    this.#change((selection) => selection.add(ids));
  }

  /** @param {readonly string[]} ids  of images that have gone */
  drop(ids) {
    if (this.#selection.drop(ids)) {
      this.#tell();
    }
  }

  /** Marks the cards that are drawn. */
  draw() {
    for (const card of this.#months.cards) {
      card.isSelected = card.image !== null && this.#selection.has(card.image.id);
    }
  }

  get #order() {
    return this.#entries().flatMap(({ image }) => image?.id ?? []);
  }

  /** @param {(selection: Selection) => void} change */
  #change(change) {
    change(this.#selection);
    this.#tell();
  }

  #tell() {
    this.draw();
    this.#grid.toggleAttribute('selecting', this.#selection.size > 0);
    announce(this.#grid, 'selection-changed', { count: this.#selection.size });
  }

  /**
   * @param {Entry} entry
   * @param {string} key
   */
  #go(entry, key) {
    const next = this.#months.step(entry, key);
    return next && this.#focus(next) ? next : null;
  }
}
