import { announce, find, isTyping } from '../lib/dom.js';
import { filesIn, isVisible, named } from '../lib/picked.js';

/** What can be chosen: files, a folder with all in it, or what the camera of a phone sees. @typedef {'files' | 'folder' | 'camera'} Source */

/**
 * Collects files: chosen, dropped anywhere on the page, or pasted outside of text fields. Says `files-chosen`.
 * Attribute `over`: files hang over the page.
 */
export class DropZone extends HTMLElement {
  #listening = new AbortController();
  /** Something of this page itself is being dragged: browsers call a dragged picture a file. */
  #isOurs = false;

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener('change', ({ target }) => this.#onChosen(target), { signal });
    document.addEventListener('dragstart', () => this.#mark(true), { signal });
    document.addEventListener('dragend', () => this.#mark(false), { signal });
    document.addEventListener('dragenter', (event) => this.#onOver(event), { signal });
    document.addEventListener('dragover', (event) => this.#onOver(event), { signal });
    document.addEventListener('dragleave', (event) => this.#onLeave(event), { signal });
    document.addEventListener('drop', (event) => this.#onDrop(event), { signal });
    document.addEventListener('keydown', (event) => this.#onKey(event), { signal });
    document.addEventListener('paste', (event) => this.#onPaste(event), { signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  /**
   * Opens the system's chooser. Only in answer to something the person does.
   *
   * @param {Source} [source]
   */
  choose(source = 'files') {
    find(this, `input[data-source="${source}"]`, HTMLInputElement).click();
  }

  /** @param {EventTarget | null} input */
  #onChosen(input) {
    if (input instanceof HTMLInputElement) {
      this.#tell([...(input.files ?? [])].filter(isVisible));
      input.value = ''; // so that the same file can be chosen again
    }
  }

  /** @param {boolean} isOurs */
  #mark(isOurs) {
    this.#isOurs = isOurs;
  }

  /** @param {DragEvent} event */
  #carriesFiles({ dataTransfer }) {
    return !this.#isOurs && dataTransfer !== null && dataTransfer.types.includes('Files');
  }

  /** @param {DragEvent} event */
  #onOver(event) {
    if (this.#carriesFiles(event) && event.dataTransfer) {
      event.preventDefault();
      event.dataTransfer.dropEffect = 'copy';
      this.#cover(true);
    }
  }

  /** @param {DragEvent} event */
  #onLeave({ relatedTarget }) {
    if (relatedTarget === null) {
      this.#cover(false);
    }
  }

  /** @param {DragEvent} event */
  async #onDrop(event) {
    this.#cover(false);
    if (this.#carriesFiles(event) && event.dataTransfer) {
      event.preventDefault();
      this.#tell(await filesIn(event.dataTransfer));
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey({ key }) {
    if (key === 'Escape') {
      this.#cover(false);
    }
  }

  /** @param {ClipboardEvent} event */
  #onPaste(event) {
    const files = [...(event.clipboardData?.files ?? [])];
    if (isTyping(event.target) || files.length === 0) {
      return;
    }
    event.preventDefault();
    this.#tell(files.map((file, index) => named(file, new Date(), index)));
  }

  /** @param {boolean} covered */
  #cover(covered) {
    if (this.hasAttribute('over') !== covered) {
      this.toggleAttribute('over', covered);
      find(this, '.drop-zone__overlay', HTMLElement).togglePopover(covered);
    }
  }

  /** @param {File[]} files */
  #tell(files) {
    if (files.length > 0) {
      announce(this, 'files-chosen', { files });
    }
  }
}

customElements.define('drop-zone', DropZone);
