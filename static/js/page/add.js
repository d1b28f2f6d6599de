/** @import { ImageGrid } from '../components/image-grid.js' */
/** @import { ToastMessage } from '../components/toast-message.js' */
/** @import { UploadList } from '../components/upload-list.js' */
/** @import { Upload } from '../types.js' */
/** @import { UploadQueue } from '../upload/queue.js' */

import { findImage } from '../api.js';
import { hear } from '../lib/dom.js';
import { isMoving } from '../lib/moving.js';
import { pictureSize } from '../lib/picture.js';
import { BatchWords } from './words.js';

/** Files whose sizes are read together. More would keep the first ones waiting for their places. */
const AT_ONCE = 24;

/** How long a photograph from elsewhere waits, to find out whether it is one that this page is sending. */
const OWN_MS = 1500;

/**
 * Adding: from the files that a person picks to their places in the grid and their lines in the tray.
 */
export class Adding {
  #queue;
  #grid;
  #tray;
  #words;
  /** @type {Upload[]} new, without a place in the grid yet */
  #unplaced = [];
  #placing = Promise.resolve();
  /** @type {Map<string, Upload>} as they were told last */
  #latest = new Map();

  /** @param {{ queue: UploadQueue, grid: ImageGrid, tray: UploadList, toast: ToastMessage }} parts */
  constructor({ queue, grid, tray, toast }) {
    this.#queue = queue;
    this.#grid = grid;
    this.#tray = tray;
    this.#words = new BatchWords({ queue, grid, toast });
  }

  start() {
    const queue = this.#queue;
    hear(document, 'files-chosen', ({ files }) => this.#add(files));
    hear(this.#tray, 'upload-words', ({ key, words }) => this.#words.say(key, words));
    hear(queue, 'upload-change', ({ upload }) => this.#follow(upload));
    hear(this.#tray, 'upload-cancel', ({ key }) => queue.cancel(key));
    hear(this.#tray, 'upload-retry', ({ key }) => queue.retry(key));
    hear(this.#tray, 'upload-retry-all', () => queue.retryAll());
    hear(this.#tray, 'upload-choose', ({ key, choice }) => queue.choose(key, choice));
    hear(this.#tray, 'upload-choose-all', ({ choice }) => queue.chooseAll(choice));
    hear(this.#tray, 'upload-dismiss', ({ key }) => this.#dismiss(key));
    hear(this.#tray, 'upload-show', ({ id }) => this.#show(id));
    addEventListener('beforeunload', (event) => {
      if (queue.wouldLose) {
        event.preventDefault();
      }
    });
    // What a page that is gone now has left, this one or another, is gone on with where somebody looks.
    document.addEventListener('visibilitychange', () => this.#restore());
    this.#restore();
  }

  /** @param {File[]} files */
  #add(files) {
    if (!this.#queue.uploads.some((upload) => isMoving(upload) || upload.state === 'similar')) {
      this.#tray.begin(this.#words.begin());
    }
    this.#queue.add(files, this.#words.of);
  }

  #restore() {
    if (!document.hidden) {
      void this.#queue.restore();
    }
  }

  /** Resolves when a photograph that somebody added is surely not one that this page is still sending. */
  async othersOnly() {
    if (this.#queue.isBusy) {
      await new Promise((resolve) => setTimeout(resolve, OWN_MS));
    }
  }

  /** @param {Upload} upload */
  #follow(upload) {
    const isNew = !this.#latest.has(upload.key);
    this.#latest.set(upload.key, upload);
    this.#tray.update(upload);
    if (isNew && upload.state === 'waiting') {
      this.#unplaced.push(upload);
      this.#placing = this.#placing.then(() => this.#place());
    }
    // After all that was to be placed before: its card is there by then.
    this.#placing = this.#placing.then(() => this.#settle(upload));
  }

  /** Gives new files their places, several at a time so that the grid moves once. */
  async #place() {
    const uploads = this.#unplaced.splice(0, AT_ONCE);
    const sized = await Promise.all(
      uploads.map(async (upload) => ({ upload, size: await pictureSize(upload.previewUrl) })),
    );
    // Refused or cancelled in the meantime.
    const wanted = sized.filter(({ upload }) => isAlive(this.#latest.get(upload.key)));
    this.#grid.addPending(wanted);
  }

  /** @param {Upload} upload */
  #settle(upload) {
    const { key, state, image, replaces, retryable } = upload;
    if (state === 'done') {
      this.#words.arrived(upload);
    }
    if (state === 'done' && image && replaces !== null) {
      this.#grid.drop(key);
      this.#grid.update(image);
      this.#forget(key);
    } else if (state === 'done' && image) {
      this.#grid.settle(key, image).then(() => this.#forget(key));
    } else if (state === 'failed' && retryable) {
      this.#grid.mark(key, 'failed');
    } else if (isMoving(upload) || state === 'similar') {
      this.#grid.mark(key, 'pending');
    } else {
      this.#grid.drop(key);
    }
    if (state === 'cancelled') {
      this.#forget(key);
    }
  }

  /** @param {string} key  of one that failed, looks like another, or was here already */
  #dismiss(key) {
    const state = this.#latest.get(key)?.state;
    this.#tray.dismiss(key);
    if (state === 'failed' || state === 'similar') {
      this.#queue.cancel(key);
    } else {
      this.#forget(key);
    }
  }

  /** @param {string} key */
  #forget(key) {
    this.#queue.forget(key);
    this.#latest.delete(key);
  }

  /**
   * Shows a photograph in the grid that was here already.
   *
   * @param {string} id
   */
  async #show(id) {
    if (!this.#grid.goTo(id, { mark: true })) {
      location.assign((await findImage(id)).page);
    }
  }
}

/** @param {Upload | undefined} upload */
function isAlive(upload) {
  return upload !== undefined && upload.state !== 'cancelled' && (upload.state !== 'failed' || upload.retryable);
}
