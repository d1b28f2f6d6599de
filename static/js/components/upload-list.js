/** @import { UploadWords } from './upload-words.js' */
/** @import { Choice, Upload, Words } from '../types.js' */

import { Batch } from '../lib/batch.js';
import { announce, find, fromTemplate } from '../lib/dom.js';
import { countPhotos } from '../lib/format.js';
import { slide } from '../lib/motion.js';
import { isMoving } from '../lib/moving.js';
import { drawRow, makeRow } from '../lib/upload-row.js';

/** When all went well, the list says so for a moment and goes. */
const LINGERS_MS = 4000;

/** Where a list would cover the photographs, it begins as one line. */
const NARROW = '(max-width: 599px)';

/** From so many files on, the ears hear how far it is, in quarters. */
const MANY = 8;

/**
 * What is being added, at the bottom right: a line for every file that is on its way or needs a word. Those that are
 * done leave it. Attribute `folded`: the first line only.
 * Says `upload-cancel`, `upload-choose`, `upload-choose-all`, `upload-retry`, `upload-retry-all`, `upload-dismiss`,
 * `upload-show`.
 */
export class UploadList extends HTMLElement {
  #batch = new Batch();
  /** @type {Map<string, Upload>} */
  #listed = new Map();
  /** @type {Map<string, HTMLElement>} */
  #rows = new Map();
  #quarter = 0;
  /** @type {number | undefined} */
  #leaving;
  #listening = new AbortController();

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener('click', (event) => this.#onClick(event), { signal });
    // When the words are closed, nothing may be left to stay for. It does not bubble.
    this.addEventListener('toggle', () => this.#stayOrLeave(), { signal, capture: true });
  }

  disconnectedCallback() {
    this.#listening.abort();
    clearTimeout(this.#leaving);
  }

  /** @param {Upload} upload  new, or in a new state */
  update(upload) {
    const wasMoving = this.#batch.isMoving;
    this.#batch.take(upload);
    const isOver = upload.state === 'done' || upload.state === 'cancelled';
    if (isOver) {
      this.#removeRow(upload.key);
    }
    slide([this], () => {
      if (!isOver) {
        this.#drawRow(upload);
      }
      this.#speak(wasMoving);
      this.#drawHead();
    });
  }

  /**
   * Takes a file off the list.
   *
   * @param {string} key
   */
  dismiss(key) {
    this.#removeRow(key);
    this.#drawHead();
  }

  /**
   * New files come after all others have come to their end.
   *
   * @param {Words} words  what holds for all
   */
  begin(words) {
    this.#words.begin(words);
  }

  /** @param {string} key */
  #removeRow(key) {
    const row = this.#rows.get(key);
    const next = row?.contains(document.activeElement) ? (row.nextElementSibling ?? row.previousElementSibling) : null;
    slide([...this.#rows.values()], () => row?.remove());
    this.#rows.delete(key);
    this.#listed.delete(key);
    this.#words.leave(key);
    /** @type {HTMLElement | null | undefined} */ (next?.querySelector('button:not([hidden])'))?.focus();
  }

  get #words() {
    return /** @type {UploadWords} */ (find(this.#panel, 'upload-words', HTMLElement));
  }

  get #panel() {
    const panel = this.querySelector('.upload-list__panel');
    if (panel instanceof HTMLElement) {
      return panel;
    }
    const made = fromTemplate('upload-list', HTMLElement);
    this.append(made);
    return made;
  }

  /** @param {Upload} upload */
  #drawRow(upload) {
    this.#listed.set(upload.key, upload);
    let row = this.#rows.get(upload.key);
    if (!row) {
      row = makeRow(upload);
      this.#rows.set(upload.key, row);
      find(this.#panel, '.upload-list__rows', HTMLElement).append(row);
    }
    drawRow(row, upload);
  }

  #drawHead() {
    const panel = this.#panel;
    const batch = this.#batch;
    // While lines come and go, the list keeps the height it once had: its first line stands still.
    const rows = find(panel, '.upload-list__rows', HTMLElement);
    rows.style.minHeight = batch.isMoving ? `${rows.offsetHeight}px` : '';
    find(panel, '.upload-list__title', HTMLElement).textContent = batch.title;
    find(panel, '.upload-list__counts', HTMLElement).textContent = batch.remark;
    const bar = find(panel, '.upload-list__bar', HTMLProgressElement);
    bar.value = batch.progress;
    bar.classList.toggle('upload-list__bar--full', !batch.isMoving);
    const again = find(panel, '.upload-list__retry-all', HTMLButtonElement);
    again.textContent = `Try ${countPhotos(batch.retryable)} again`;
    this.#show('.upload-list__again', batch.retryable > 1);
    this.#drawChoices(batch.undecided);
    this.#show('upload-words', batch.takesWords);
    this.#words.offerFolders(batch.hasFolders);
    this.#drawFold();
    this.#stayOrLeave();
  }

  /** @param {number} undecided */
  #drawChoices(undecided) {
    const choices = find(this.#panel, '.upload-list__choices', HTMLElement);
    this.#show('.upload-list__choices', undecided > 1);
    choices.setAttribute('aria-label', `For all ${countPhotos(undecided)}`);
    find(choices, 'span', HTMLElement).textContent = `All ${undecided}:`;
    for (const button of choices.querySelectorAll('button')) {
      button.setAttribute('aria-label', `${button.textContent}, all ${undecided}`);
    }
  }

  /**
   * Shows or hides a line at the foot; who was there is led to the head.
   *
   * @param {string} selector
   * @param {boolean} shown
   */
  #show(selector, shown) {
    const line = find(this.#panel, selector, HTMLElement);
    const hadFocus = line.contains(document.activeElement);
    line.hidden = !shown;
    if (hadFocus && !shown) {
      find(this.#panel, '.upload-list__fold', HTMLButtonElement).focus();
    }
  }

  #drawFold() {
    const fold = find(this.#panel, '.upload-list__fold', HTMLButtonElement);
    const folded = this.hasAttribute('folded');
    if (this.#batch.isUnfinished) {
      fold.textContent = folded ? 'Show' : 'Hide';
      fold.setAttribute('aria-expanded', String(!folded));
    } else {
      fold.textContent = 'Close';
      fold.removeAttribute('aria-expanded');
    }
  }

  #stayOrLeave() {
    clearTimeout(this.#leaving);
    const idle = !this.#batch.isMoving && this.#listed.size === 0 && !this.#words.isOpen;
    this.#panel.hidden = this.#batch.total === 0;
    if (idle) {
      this.#leaving = window.setTimeout(() => {
        this.#panel.hidden = true;
        this.removeAttribute('folded');
      }, LINGERS_MS);
    } else if (!this.#batch.isUnfinished) {
      this.removeAttribute('folded'); // what went wrong is not hidden
    }
  }

  /** @param {boolean} wasMoving */
  #speak(wasMoving) {
    const { isMoving, total, finished, outcome } = this.#batch;
    if (isMoving && !wasMoving) {
      this.#quarter = 0;
      this.toggleAttribute('folded', matchMedia(NARROW).matches);
      // The rest of the batch comes in the same moment.
      queueMicrotask(() => this.#say(`Uploading ${countPhotos(this.#batch.total)}`));
    } else if (wasMoving && !isMoving && total > 0) {
      this.#say(outcome);
    } else if (isMoving && total >= MANY) {
      const quarter = Math.floor((4 * finished) / total);
      if (quarter > this.#quarter) {
        this.#quarter = quarter;
        this.#say(`${finished} of ${countPhotos(total)} uploaded`);
      }
    }
  }

  /** @param {string} words */
  #say(words) {
    find(this, '.upload-list__region', HTMLElement).textContent = words;
  }

  /** @param {MouseEvent} event */
  #onClick({ target }) {
    const button = target instanceof Element ? target.closest('button') : null;
    const row = button?.closest('.upload-row');
    const key = row instanceof HTMLElement ? row.dataset.key : undefined;
    const upload = key ? this.#listed.get(key) : undefined;
    if (button?.dataset.choice && upload) {
      announce(this, 'upload-choose', { key: upload.key, choice: /** @type {Choice} */ (button.dataset.choice) });
    } else if (button && upload) {
      this.#act(button.dataset.action ?? '', upload);
    } else if (button?.dataset.choice) {
      announce(this, 'upload-choose-all', { choice: /** @type {Choice} */ (button.dataset.choice) });
    } else if (button?.classList.contains('upload-list__retry-all')) {
      announce(this, 'upload-retry-all', {});
    } else if (button?.classList.contains('upload-list__fold')) {
      this.#foldOrClose();
    }
  }

  /**
   * @param {string} action
   * @param {Upload} upload
   */
  #act(action, upload) {
    const { key, image } = upload;
    if (action === 'show' && image) {
      announce(this, 'upload-show', { id: image.id });
    } else if (action === 'describe') {
      this.#words.open(upload);
    } else if (action === 'retry') {
      announce(this, 'upload-retry', { key });
    } else if (action === 'cancel') {
      announce(this, isMoving(upload) ? 'upload-cancel' : 'upload-dismiss', { key });
    }
  }

  #foldOrClose() {
    if (this.#batch.isUnfinished) {
      this.toggleAttribute('folded');
      this.#drawFold();
      return;
    }
    for (const key of [...this.#listed.keys()]) {
      announce(this, 'upload-dismiss', { key });
    }
    this.#panel.hidden = true;
  }
}

customElements.define('upload-list', UploadList);
