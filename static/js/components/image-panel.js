/** @import { EditField } from './edit-field.js' */
/** @import { TagEditor } from './tag-editor.js' */
/** @import { Field, Value } from '../lib/edits.js' */
/** @import { ImageJson } from '../types.js' */

import { announce, find, fromTemplate, hear } from '../lib/dom.js';
import { Edits } from '../lib/edits.js';
import { factsOf } from '../lib/facts.js';

/**
 * What is known of the image in the viewer: its texts and tags, edited in place, and its facts. Says `image-edit`;
 * the answer comes by `saved()` or `refused()`, also when another image is shown by then. Says `image-replace` for
 * another picture; how that goes comes by `replacing()`.
 */
export class ImagePanel extends HTMLElement {
  canWrite = false;
  #edits = new Edits();
  /** @type {ImageJson | null} */
  #image = null;
  /** Fields that say "Saved".
   * @type {Set<Field>} */
  #saved = new Set();
  /** How the replacement of a picture goes, by image.
   * @type {Map<string, { words: string, isBad?: boolean }>} */
  #replacing = new Map();
  /** @type {AbortController | null} */
  #listening = null;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    hear(this, 'field-changed', ({ field, value, shown }) => this.#commit(field, value, shown), { signal });
    hear(this, 'field-discarded', ({ field }) => this.#discard(field), { signal });
    this.addEventListener('click', (event) => this.#choose(event), { signal });
    this.addEventListener('change', ({ target }) => this.#replace(target), { signal });
  }

  disconnectedCallback() {
    this.#listening?.abort();
  }

  /** @param {ImageJson} image  another one, or the same as it is known now */
  show(image) {
    const isOther = image.id !== this.#image?.id;
    this.#image = image;
    if (isOther) {
      this.#saved.clear();
    }
    this.#drawFields({ isOther });
    this.#drawFacts(image);
    this.#drawReplacing();
  }

  /**
   * @param {string} id
   * @param {{ words: string, isBad?: boolean }} news
   */
  replacing(id, news) {
    this.#replacing.set(id, news);
    this.#drawReplacing();
  }

  /** @param {ImageJson} image  as the server has it after the edit */
  saved(image) {
    const saved = this.#edits.saved(image.id);
    if (image.id === this.#image?.id) {
      this.#image = image;
      this.#saved = new Set([...this.#saved, ...saved]);
      this.#drawFields();
    }
    this.#send(image);
  }

  /**
   * @param {string} id
   * @param {string} reason
   * @param {ImageJson} [newer]
   * @returns {boolean} whether something is left for the person to do
   */
  refused(id, reason, newer) {
    this.#edits.refused(id, reason, newer);
    if (id === this.#image?.id) {
      this.#image = newer ?? this.#image;
      this.#drawFields();
    }
    if (newer) {
      this.#send(newer);
    }
    return [...this.#edits.of(id).values()].some(({ state }) => state === 'failed' || state === 'clash');
  }

  /** Puts the caret into the description, where it may be changed. */
  edit() {
    if (this.canWrite) {
      this.#field('description').edit();
    }
  }

  /**
   * @param {'description' | 'alt'} name
   * @returns {EditField}
   */
  #field(name) {
    return /** @type {EditField} */ (find(this, `edit-field[data-field="${name}"]`, HTMLElement));
  }

  #drawFields({ isOther = false } = {}) {
    if (!this.#image) {
      return;
    }
    const { id, description, alt, tags } = this.#image;
    const drafts = this.#edits.of(id);
    const { canWrite } = this;
    const news = (/** @type {Field} */ field) => ({ canWrite, isOther, isSaved: this.#saved.has(field) });
    this.#field('description').show(description, drafts.get('description'), news('description'));
    this.#field('alt').show(alt, drafts.get('alt'), news('alt'));
    const editor = /** @type {TagEditor} */ (find(this, 'tag-editor', HTMLElement));
    editor.show(tags, drafts.get('tags'), news('tags'));
  }

  /** @param {ImageJson} image */
  #drawFacts(image) {
    const rows = factsOf(image).map(([term, said]) => {
      const row = fromTemplate('fact', HTMLDivElement);
      find(row, 'dt', HTMLElement).textContent = term;
      find(row, 'dd', HTMLElement).textContent = said;
      return row;
    });
    find(this, 'dl', HTMLDListElement).replaceChildren(...rows);
  }

  #drawReplacing() {
    const line = this.querySelector('.image-panel__news');
    if (line && this.#image) {
      const { words, isBad = false } = this.#replacing.get(this.#image.id) ?? { words: '' };
      line.textContent = words;
      line.classList.toggle('image-panel__news--bad', isBad);
    }
  }

  /** @param {EventTarget | null} target  that was changed */
  #replace(target) {
    const [file] = target instanceof HTMLInputElement && target.type === 'file' ? (target.files ?? []) : [];
    if (file && this.#image && target instanceof HTMLInputElement) {
      const { id, version } = this.#image;
      target.value = ''; // so that the same file can be chosen again
      announce(this, 'image-replace', { id, file, version });
    }
  }

  /**
   * @param {Field} field
   * @param {Value} value
   * @param {Value} shown
   */
  #commit(field, value, shown) {
    if (this.#image && this.#edits.commit(this.#image, field, value, shown)) {
      this.#saved.delete(field);
      this.#send(this.#image);
      this.#drawFields();
    }
  }

  /** @param {Field} field */
  #discard(field) {
    if (this.#image) {
      this.#edits.discard(this.#image.id, field);
      this.#drawFields();
    }
  }

  /** @param {Event} event */
  #choose(event) {
    const button = event.target instanceof Element ? event.target.closest('button[data-choice]') : null;
    const field = /** @type {Field | undefined} */ (button?.closest('[data-field]')?.getAttribute('data-field'));
    if (!(button instanceof HTMLButtonElement) || !this.#image || !field) {
      return;
    }
    if (button.dataset.choice === 'insist') {
      this.#edits.insist(this.#image, field);
      this.#send(this.#image);
      this.#drawFields();
    } else {
      this.#discard(field);
    }
    this.closest('dialog')?.focus(); // the button has gone
  }

  /** @param {ImageJson} image */
  #send({ id, version }) {
    const changes = this.#edits.next(id);
    if (changes) {
      announce(this, 'image-edit', { id, changes, version });
    }
  }
}

customElements.define('image-panel', ImagePanel);
