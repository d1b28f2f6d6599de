/** @import { Draft, Field } from '../lib/edits.js' */

import { announce, find, fromTemplate } from '../lib/dom.js';
import { tellDraft } from '../lib/tell-draft.js';

/**
 * The tags of an image: each can be taken off, new ones are typed behind *Add*. Enter or a comma adds one and leaves
 * room for the next, leaving adds it, Esc takes it back. Says `field-changed` with the whole list.
 */
export class TagEditor extends HTMLElement {
  /** @type {AbortController | null} */
  #listening = null;
  /** @type {string[]} */
  #tags = [];
  #canWrite = false;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener('click', (event) => this.#click(event), { signal });
    this.addEventListener('keydown', (event) => this.#key(event), { signal });
    this.#field.addEventListener('blur', () => this.#finish(), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  /**
   * @param {string[]} said
   * @param {Readonly<Draft> | undefined} draft
   * @param {{ canWrite: boolean, isSaved?: boolean, isOther?: boolean }} options
   */
  show(said, draft, { canWrite, isSaved = false, isOther = false }) {
    this.#tags = draft ? [...draft.value] : said;
    this.#canWrite = canWrite;
    this.hidden = !canWrite && said.length === 0;
    if (isOther) {
      this.#field.value = '';
      this.#close();
    }
    this.#draw();
    tellDraft(this, draft, { isSaved });
  }

  get #name() {
    return /** @type {Field} */ (this.dataset.field);
  }

  get #field() {
    return find(this, 'input', HTMLInputElement);
  }

  get #adder() {
    return find(this, '.tag-editor__add', HTMLButtonElement);
  }

  #draw() {
    const last = find(this, '.tag-editor__new', HTMLLIElement);
    last.hidden = !this.#canWrite;
    const drawn = [...this.querySelectorAll('.tag-editor__tag')];
    if (drawn.map((item) => item.textContent?.trim()).join('\n') !== this.#tags.join('\n')) {
      // The last one stays where it is: moving it would take the focus from its field.
      for (const item of drawn) {
        item.remove();
      }
      last.before(...this.#tags.map((tag) => this.#item(tag)));
    }
  }

  /** @param {string} tag */
  #item(tag) {
    const item = fromTemplate('tag', HTMLLIElement);
    find(item, 'span', HTMLSpanElement).textContent = tag;
    const remove = find(item, 'button', HTMLButtonElement);
    remove.dataset.remove = tag;
    remove.setAttribute('aria-label', `Remove ${tag}`);
    remove.hidden = !this.#canWrite;
    return item;
  }

  /** @param {Event} event */
  #click(event) {
    const button = event.target instanceof Element ? event.target.closest('button') : null;
    if (button?.dataset.remove !== undefined) {
      this.#remove(button.dataset.remove);
    } else if (button === this.#adder) {
      this.#adder.hidden = true;
      this.#field.hidden = false;
      this.#field.focus();
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) {
      return;
    }
    if (event.target instanceof HTMLButtonElement) {
      const tag = event.target.dataset.remove;
      if (tag !== undefined && (event.key === 'Delete' || event.key === 'Backspace')) {
        event.preventDefault(); // else the viewer would put the whole photo in the trash
        this.#remove(tag);
      }
    } else if (event.key === 'Enter' || event.key === ',') {
      event.preventDefault();
      this.#add();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      this.#field.value = '';
      this.#close();
      this.#adder.focus();
    }
  }

  #finish() {
    this.#add();
    this.#close();
  }

  #close() {
    this.#field.hidden = true;
    this.#adder.hidden = false;
  }

  #add() {
    const tag = this.#field.value.trim();
    this.#field.value = '';
    if (tag !== '' && !this.#tags.includes(tag)) {
      this.#change([...this.#tags, tag]);
    }
  }

  /** @param {string} tag */
  #remove(tag) {
    const at = this.#tags.indexOf(tag);
    this.#change(this.#tags.filter((other) => other !== tag));
    const buttons = [...this.querySelectorAll('button')].filter((button) => !button.hidden);
    (buttons[at] ?? this.#adder).focus();
  }

  /** @param {string[]} value */
  #change(value) {
    const shown = this.#tags;
    this.#tags = value;
    this.#draw();
    announce(this, 'field-changed', { field: this.#name, value, shown });
  }
}

customElements.define('tag-editor', TagEditor);
