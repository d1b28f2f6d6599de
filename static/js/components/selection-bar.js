/** @import { SelectionAction } from '../types.js' */

import { announce, find, fromTemplate } from '../lib/dom.js';

/**
 * In place of the top bar while photographs are selected: how many, and what can be done with them. It says the count
 * aloud. Attribute `busy`: something is being done with them.
 * Says `selection-action`.
 */
export class SelectionBar extends HTMLElement {
  /** What can be done, as the page offers it.
   * @type {readonly { action: SelectionAction, text: string, keys: string, isBad?: boolean }[]} */
  actions = [];
  #listening = new AbortController();

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener('click', (event) => this.#onClick(event), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  /**
   * @param {number} count  0 gives the top bar back
   * @param {string} words  what is said of them
   */
  show(count, words) {
    const panel = count > 0 ? this.#panel() : this.querySelector('.selection-bar__panel');
    if (panel instanceof HTMLElement) {
      panel.hidden = count === 0;
    }
    if (count > 0) {
      find(this, '.selection-bar__count', HTMLElement).textContent = words;
    }
    find(this, '[role="status"]', HTMLElement).textContent = words;
    for (const other of this.parentElement?.children ?? []) {
      if (other instanceof HTMLElement && other !== this && !other.matches('.notice, [popover]')) {
        other.inert = count > 0;
      }
    }
  }

  /** Whether the focus is on one of its buttons. */
  get hasFocus() {
    return this.contains(document.activeElement);
  }

  #panel() {
    const known = this.querySelector('.selection-bar__panel');
    if (known) {
      return known;
    }
    const panel = fromTemplate('selection-bar', HTMLElement);
    const buttons = this.actions.map(({ action, text, keys, isBad = false }) => {
      const button = document.createElement('button');
      button.type = 'button';
      button.className = `button button--quiet selection-bar__action${isBad ? ' button--bad' : ''}`;
      button.dataset.action = action;
      button.textContent = text;
      button.setAttribute('aria-keyshortcuts', keys);
      return button;
    });
    find(panel, '.selection-bar__actions', HTMLElement).append(...buttons);
    this.append(panel);
    return panel;
  }

  /** @param {Event} event */
  #onClick({ target }) {
    const button = target instanceof Element ? target.closest('[data-action]') : null;
    if (button instanceof HTMLElement) {
      announce(this, 'selection-action', { action: /** @type {SelectionAction} */ (button.dataset.action) });
    }
  }
}

customElements.define('selection-bar', SelectionBar);
