import { announce, find } from '../lib/dom.js';

/**
 * The search field in its form. Says `search-changed` with every letter; Esc clears it, and leaves it when it is
 * clear. Attribute `busy`: the answer is on its way.
 */
export class SearchBox extends HTMLElement {
  #listening = new AbortController();

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener('input', () => this.#tell(), { signal });
    this.addEventListener('submit', (event) => this.#submit(event), { signal });
    this.addEventListener('keydown', (event) => this.#onKey(event), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  get value() {
    return this.#field.value.trim();
  }

  set value(words) {
    if (words !== this.value) {
      this.#field.value = words;
    }
  }

  /** Puts the caret into the field. */
  enter() {
    this.#field.select();
  }

  get #field() {
    return find(this, '.search-box__field', HTMLInputElement);
  }

  #tell() {
    announce(this, 'search-changed', { q: this.value });
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault();
    this.#field.blur(); // a screen keyboard makes room for what was found
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.key !== 'Escape') {
      return;
    }
    event.preventDefault();
    if (this.#field.value) {
      this.#field.value = '';
      this.#tell();
    } else {
      this.#field.blur();
    }
  }
}

customElements.define('search-box', SearchBox);
