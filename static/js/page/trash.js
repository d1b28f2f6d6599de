/** @import { ImageGrid } from '../components/image-grid.js' */
/** @import { ToastMessage } from '../components/toast-message.js' */
/** @import { BatchResult, ImageJson } from '../types.js' */
/** @import { Browse } from './browse.js' */
/** @import { Look } from './look.js' */

import { doToMany, emptyTrash, findImage, listImages, reasonOf } from '../api.js';
import { ask } from '../lib/ask.js';
import { find, hear } from '../lib/dom.js';
import { isEverything, meets } from '../lib/filter.js';
import { countPhotos, formatCount } from '../lib/format.js';

/** News of deletions is gathered for so long: somebody may have deleted a hundred. */
const GATHER_MS = 150;

/** More at once are not asked for one by one. */
const MOST_NEWS = 8;

/** @typedef {Pick<Browse, 'filter' | 'reload'>} List  which photographs the page shows */

/** The photographs in the trash: taken back, or deleted for ever. */
export class Trash {
  #grid;
  #look;
  #toast;
  #list;
  /** @type {Set<string>} what was deleted somewhere, and is to be looked at */
  #news = new Set();
  /** @type {number | undefined} */
  #gathering;

  /** @param {{ grid: ImageGrid, look: Look, toast: ToastMessage, list: List }} parts */
  constructor({ grid, look, toast, list }) {
    this.#grid = grid;
    this.#look = look;
    this.#toast = toast;
    this.#list = list;
  }

  start() {
    hear(document, 'image-delete', ({ id }) => this.remove([id]));
    hear(document, 'image-restore', ({ id }) => this.restore([id]));
    hear(this.#grid, 'grid-changed', () => this.#offer());
    const restoreAll = find(document, '[data-action="restore-all"]', HTMLButtonElement);
    restoreAll.addEventListener('click', () => this.#whileBusy(restoreAll, () => this.#restoreAll()));
    const empty = find(document, '[data-action="empty-trash"]', HTMLButtonElement);
    empty.removeAttribute('popovertarget'); // what it opens needs no script, but covers nothing
    empty.addEventListener('click', () => this.#empty(empty));
  }

  /** @param {ImageJson} image  that is in the gallery now */
  shown({ id }) {
    this.#takeOut([id]);
  }

  /** @param {string} id  of an image that is gone for ever */
  purged(id) {
    this.#takeOut([id]);
  }

  /** @param {string} id  of an image that was deleted, so that it should be here now */
  deleted(id) {
    this.#news.add(id);
    clearTimeout(this.#gathering);
    this.#gathering = window.setTimeout(() => this.#lookAtNews(), GATHER_MS);
  }

  /**
   * Deletes for ever, once the person is sure.
   *
   * @param {string[]} ids
   */
  async remove(ids) {
    if (await isSure(`Delete ${ids.length === 1 ? 'this photo' : countPhotos(ids.length)} for ever?`)) {
      const results = await this.#do(ids, 'delete_forever', 'still here');
      const gone = results.flatMap(({ id, status }) => (status < 400 || status === 404 ? id : []));
      this.#takeOut(gone);
      if (gone.length === ids.length) {
        this.#toast.show({ text: `${countPhotos(gone.length)} deleted for ever` });
      }
    }
  }

  /** @param {string[]} ids */
  async restore(ids) {
    const results = await this.#do(ids, 'restore', 'still in the trash');
    const back = results.flatMap(({ id, image }) => (image ? id : []));
    this.#takeOut(results.flatMap(({ id, image, status }) => (image || status === 404 ? id : [])));
    if (back.length === ids.length) {
      this.#toast.show({ text: `${countPhotos(back.length)} back in the gallery` });
    }
  }

  /**
   * @param {string[]} ids
   * @param {'restore' | 'delete_forever'} action
   * @param {string} otherwise  where those are that it failed for
   */
  async #do(ids, action, otherwise) {
    /** @type {BatchResult[]} */
    let results = [];
    /** @type {string | undefined} */
    let reason;
    try {
      results = await doToMany(ids, { action });
      reason = results.find(({ problem }) => problem)?.problem?.detail;
    } catch (error) {
      reason = reasonOf(error);
    }
    const failed = ids.length - results.filter(({ problem }) => !problem).length;
    if (failed > 0) {
      this.#toast.show({ text: `${countPhotos(failed)} ${otherwise}. ${reason}`, kind: 'bad' });
    }
    return results;
  }

  /** Goes on where it was stopped, whoever presses it again: each round takes what is there now. */
  async #restoreAll() {
    /** @type {ImageJson[]} */
    let images;
    let back = 0;
    do {
      ({ images } = await listImages({ q: '', tags: [], trashed: true }));
      const ids = images.map(({ id }) => id);
      const results = ids.length > 0 ? await doToMany(ids, { action: 'restore' }) : [];
      const done = results.flatMap(({ id, image }) => (image ? id : []));
      if (ids.length > 0 && done.length === 0) {
        const reason = results[0]?.problem?.detail ?? '';
        this.#toast.show({ text: `${countPhotos(ids.length)} still in the trash. ${reason}`, kind: 'bad' });
        return;
      }
      back += done.length;
      this.#takeOut(done);
      this.#toast.show({ text: `${countPhotos(back)} back in the gallery` });
    } while (images.length > 0);
  }

  /** @param {HTMLButtonElement} button */
  async #empty(button) {
    const { total, capped } = this.#grid.counts;
    const many = total === 1 ? 'the one photo' : `all ${formatCount(total)}${capped ? '+' : ''} photos`;
    if (await isSure(`Delete ${many} in the trash for ever?`)) {
      await this.#whileBusy(button, async () => {
        const { deleting } = await emptyTrash();
        await this.#list.reload();
        this.#toast.show({ text: `${countPhotos(deleting)} deleted for ever` });
      });
    }
  }

  /** @param {string[]} ids */
  #takeOut(ids) {
    this.#grid.takeOut(ids);
    for (const id of ids) {
      this.#look.forget(id);
    }
  }

  async #lookAtNews() {
    const ids = [...this.#news];
    this.#news.clear();
    if (ids.length > MOST_NEWS) {
      await this.#list.reload();
      return;
    }
    for (const id of ids) {
      const image = await findImage(id).catch(() => null);
      if (image?.status !== 'trashed') {
        this.#takeOut([id]);
      } else if (this.#grid.has(id) || meets(image, this.#list.filter)) {
        this.#grid.add(image);
      }
    }
  }

  /** What is done to the whole trash is offered where all of it is shown. */
  #offer() {
    const isWhole = isEverything(this.#list.filter);
    find(document, '.trash__actions', HTMLElement).hidden = this.#grid.isEmpty || !isWhole;
  }

  /**
   * @param {HTMLButtonElement} button
   * @param {() => Promise<void>} work
   */
  async #whileBusy(button, work) {
    button.disabled = true;
    try {
      await work();
    } catch (error) {
      this.#toast.show({ text: reasonOf(error), kind: 'bad' });
    } finally {
      button.disabled = false;
    }
  }
}

/** @param {string} title */
async function isSure(title) {
  const choices = [{ value: 'yes', text: 'Delete for ever', kind: /** @type {const} */ ('bad') }];
  return (await ask({ title, words: 'Nothing can undo it.', choices })) !== null;
}
