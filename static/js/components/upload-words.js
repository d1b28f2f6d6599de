/** @import { Told, Upload, Words } from '../types.js' */

import { announce, find } from '../lib/dom.js';

/**
 * What a person says of the files that are being added: of all, or of the one whose *Describe* was pressed.
 * Says `upload-words` when a field is left.
 */
export class UploadWords extends HTMLElement {
  #listening = new AbortController();
  /** @type {Upload | null} whom the fields are about; null for all */
  #single = null;
  /** @type {Words} */
  #ofAll = { description: '', tags: [], withFolder: false };

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener('change', () => this.#tell(), { signal });
    this.addEventListener('click', (event) => this.#onClick(event), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  /** Whether somebody is at it: then it does not go away. */
  get isOpen() {
    return find(this, 'details', HTMLDetailsElement).open;
  }

  /**
   * What holds for all, from now on.
   *
   * @param {Words} words
   */
  begin(words) {
    this.#ofAll = words;
    find(this, 'details', HTMLDetailsElement).open = false;
    this.#turnTo(null);
  }

  /**
   * Opens the fields for one file.
   *
   * @param {Upload} upload
   */
  open(upload) {
    find(this, 'details', HTMLDetailsElement).open = true;
    this.#turnTo(upload);
    this.#description.focus();
  }

  /**
   * The file has left the list.
   *
   * @param {string} key
   */
  leave(key) {
    if (this.#single?.key === key) {
      this.#turnTo(null);
    }
  }

  /** @param {boolean} hasFolders  some of the files came in folders */
  offerFolders(hasFolders) {
    this.toggleAttribute('folders', hasFolders);
    this.#draw();
  }

  get #description() {
    return find(this, 'textarea', HTMLTextAreaElement);
  }

  get #tags() {
    return find(this, '.upload-words__tags', HTMLInputElement);
  }

  get #folder() {
    return find(this, '[type="checkbox"]', HTMLInputElement);
  }

  /** @param {Upload | null} single */
  #turnTo(single) {
    this.#single = single;
    /** @type {Told} */
    const { description = '', tags = [] } = single?.told ?? this.#ofAll;
    this.#description.value = description;
    this.#tags.value = tags.join(', ');
    this.#folder.checked = this.#ofAll.withFolder;
    this.#draw();
  }

  #draw() {
    const single = this.#single;
    const { tags } = this.#ofAll;
    find(this, 'summary', HTMLElement).textContent = single
      ? `Describe ${single.name}`
      : ['Describe all', ...tags].join(' · ');
    find(this, '.upload-words__folder', HTMLElement).hidden = single !== null || !this.hasAttribute('folders');
    find(this, '[data-action="all"]', HTMLButtonElement).hidden = single === null;
  }

  /** @param {MouseEvent} event */
  #onClick({ target }) {
    if (target instanceof Element && target.closest('[data-action="all"]')) {
      this.#turnTo(null);
      this.#description.focus();
    }
  }

  #tell() {
    const words = {
      description: this.#description.value.trim(),
      tags: [...new Set(this.#tags.value.split(',').map((tag) => tag.trim()))].filter(Boolean),
      withFolder: this.#folder.checked,
    };
    if (this.#single) {
      this.#single = { ...this.#single, told: words };
    } else {
      this.#ofAll = words;
      this.#draw();
    }
    announce(this, 'upload-words', { key: this.#single?.key ?? null, words });
  }
}

customElements.define('upload-words', UploadWords);
