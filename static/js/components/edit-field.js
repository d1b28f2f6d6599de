/** @import { Draft, Field } from '../lib/edits.js' */

import { announce, find } from '../lib/dom.js';
import { tellDraft } from '../lib/tell-draft.js';

/**
 * One text of an image, edited in place: leaving it or Enter saves, Shift+Enter starts a new line, Esc undoes.
 *
 * `<edit-field data-field="description">` around a textarea, a status line and its buttons. Says `field-changed` and
 * `field-discarded`.
 */
export class EditField extends HTMLElement {
  /** @type {AbortController | null} */
  #listening = null;
  /** What the field showed before anything was typed. */
  #shown = '';
  #said = '';

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.#text.addEventListener('blur', () => this.#commit(), { signal });
    this.#text.addEventListener('keydown', (event) => this.#key(event), { signal });
    this.#text.addEventListener('input', () => this.#grow(), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  /**
   * Shows what the server says and, over it, what the person wants. Never touches what is being typed.
   *
   * @param {string} said
   * @param {Readonly<Draft> | undefined} draft
   * @param {{ canWrite: boolean, isSaved?: boolean, isOther?: boolean }} options  isOther: of another image than before
   */
  show(said, draft, { canWrite, isSaved = false, isOther = false }) {
    this.#said = said;
    if (isOther || !this.#isBeingTyped) {
      this.#shown = String(draft?.value ?? said);
      this.#text.value = this.#shown;
    }
    this.#text.readOnly = !canWrite;
    this.hidden = !canWrite && said === '';
    this.#grow();
    tellDraft(this, draft, { isSaved });
  }

  /** Puts the caret behind the text. */
  edit() {
    this.#text.focus();
    this.#text.setSelectionRange(this.#text.value.length, this.#text.value.length);
  }

  get #name() {
    return /** @type {Field} */ (this.dataset.field);
  }

  get #text() {
    return find(this, 'textarea', HTMLTextAreaElement);
  }

  get #isBeingTyped() {
    return document.activeElement === this.#text && this.#text.value !== this.#shown;
  }

  #commit() {
    if (this.#text.readOnly) {
      return;
    }
    const value = this.#text.value.trim();
    const shown = this.#shown;
    this.#shown = value;
    this.#text.value = value;
    announce(this, 'field-changed', { field: this.#name, value, shown });
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === 'Escape') {
      event.preventDefault();
      this.#shown = this.#said;
      this.#text.value = this.#said;
      announce(this, 'field-discarded', { field: this.#name });
      this.#leave();
    } else if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.#leave();
    }
  }

  #leave() {
    this.closest('dialog')?.focus();
  }

  /** For browsers without `field-sizing`. */
  #grow() {
    if (!CSS.supports('field-sizing', 'content')) {
      this.#text.style.height = 'auto';
      this.#text.style.height = `${this.#text.scrollHeight}px`;
    }
  }
}

customElements.define('edit-field', EditField);
