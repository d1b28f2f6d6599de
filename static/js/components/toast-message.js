/** @import { Toast } from '../types.js' */

import { find, fromTemplate, isTyping } from '../lib/dom.js';

/** How long a toast stands, while it is neither pointed at nor holds the focus. */
const STANDS_MS = 6000;

/**
 * One sentence at the bottom left, with Undo where something can be undone (also Ctrl+Z or Cmd+Z).
 * A new toast takes the place of the one before.
 */
export class ToastMessage extends HTMLElement {
  #listening = new AbortController();
  /** @type {(() => void) | undefined} */
  #undo;
  /** @type {number | undefined} */
  #alarm;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    for (const name of ['pointerenter', 'focusin']) {
      this.addEventListener(name, () => clearTimeout(this.#alarm), { signal });
    }
    for (const name of ['pointerleave', 'focusout']) {
      this.addEventListener(name, () => this.#wait(), { signal });
    }
    this.addEventListener('click', (event) => this.#onClick(event), { signal });
    document.addEventListener('keydown', (event) => this.#onKey(event), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
    clearTimeout(this.#alarm);
  }

  /** @param {Toast} toast */
  show({ text, kind = 'plain', undo }) {
    const toast = fromTemplate('toast', HTMLElement);
    toast.classList.add(`toast--${kind}`);
    this.#undo = undo;
    find(toast, '.toast__undo', HTMLButtonElement).hidden = undo === undefined;
    find(toast, '.toast__text', HTMLElement).textContent = text;
    this.replaceChildren(toast);
    this.#wait();
  }

  close() {
    clearTimeout(this.#alarm);
    this.#undo = undefined;
    this.replaceChildren();
  }

  #wait() {
    clearTimeout(this.#alarm);
    if (!this.matches(':hover, :focus-within')) {
      this.#alarm = window.setTimeout(() => this.close(), STANDS_MS);
    }
  }

  /** @param {Event} event */
  #onClick({ target }) {
    if (target instanceof Element && target.closest('.toast__undo')) {
      this.#takeBack();
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const isUndo = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === 'z';
    if (isUndo && this.#undo && !isTyping(event.target)) {
      event.preventDefault();
      this.#takeBack();
    }
  }

  #takeBack() {
    const undo = this.#undo;
    this.close();
    undo?.();
  }
}

customElements.define('toast-message', ToastMessage);
