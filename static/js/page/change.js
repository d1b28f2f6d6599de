/** @import { ImageGrid } from '../components/image-grid.js' */
/** @import { ToastMessage } from '../components/toast-message.js' */
/** @import { BatchResult, Changes, ImageJson } from '../types.js' */
/** @import { Browse } from './browse.js' */
/** @import { Look } from './look.js' */

import { ApiError, deleteImage, doToMany, editImage, findImage, reasonOf, replaceImage, restoreImage } from '../api.js';
import { hear } from '../lib/dom.js';
import { countPhotos } from '../lib/format.js';
import { fetched } from '../lib/picture.js';

/** Changing photographs: editing, deleting and taking that back; and copying their links. */
export class Change {
  #grid;
  #look;
  #toast;
  #browse;
  /** @type {Map<string, { isBack: boolean }>} what was deleted here, until the gallery tells so, too */
  #deleted = new Map();

  /** @param {{ grid: ImageGrid, look: Look, toast: ToastMessage, browse: Browse }} parts */
  constructor({ grid, look, toast, browse }) {
    this.#grid = grid;
    this.#look = look;
    this.#toast = toast;
    this.#browse = browse;
  }

  start() {
    hear(document, 'image-edit', ({ id, changes, version }) => this.#edit(id, changes, version));
    hear(document, 'image-delete', ({ id }) => this.remove([id]));
    hear(document, 'image-replace', ({ id, file, version }) => this.#replace(id, file, version));
    hear(document, 'image-copy-link', ({ id }) => this.#copyLink(id));
  }

  /**
   * The gallery tells of a deletion. Says whether it was made here and has been taken back since: news from before.
   *
   * @param {string} id
   */
  isOver(id) {
    const { isBack } = this.#deleted.get(id) ?? { isBack: false };
    this.#deleted.delete(id);
    return isBack;
  }

  /**
   * @param {string} id
   * @param {Changes} changes
   * @param {number} version
   */
  async #edit(id, changes, version) {
    try {
      const image = await editImage(id, changes, version);
      this.#grid.update(image);
      this.#look.saved(image);
      if (changes.tags) {
        this.#browse.refreshTags();
      }
    } catch (error) {
      const isStale = error instanceof ApiError && error.code === 'version_mismatch';
      const newer = isStale ? await findImage(id).catch(() => undefined) : undefined;
      const reason = reasonOf(error);
      if (this.#look.refused(id, reason, newer)) {
        this.#toast.show({ text: `A change was not saved; it is kept with its photo. ${reason}`, kind: 'bad' });
      }
    }
  }

  /**
   * Takes photographs away at once; asks nothing, since it can be taken back.
   *
   * @param {string[]} ids
   */
  remove(ids) {
    const images = this.#grid.takeOut(ids);
    for (const id of ids) {
      this.#look.forget(id);
      this.#deleted.set(id, { isBack: false });
    }
    const deleted = this.#trash(ids).then(({ gone, kept, reason }) => {
      if (kept.size > 0) {
        this.#keep(
          images.filter(({ id }) => kept.has(id)),
          kept,
          reason,
        );
      }
      return gone;
    });
    const what = ids.length === 1 ? 'Photo' : countPhotos(ids.length);
    this.#toast.show({
      text: `${what} moved to the trash`,
      undo: async () => {
        const gone = await deleted;
        if (gone.length > 0) {
          await this.#restore(gone);
        }
      },
    });
  }

  /**
   * @param {string[]} ids
   * @returns {Promise<{ gone: string[], kept: Set<string>, reason: string }>}
   */
  async #trash(ids) {
    try {
      const results = ids.length === 1 ? await trashOne(ids[0] ?? '') : await doToMany(ids, { action: 'delete' });
      // What is not here any more is gone, too; but nobody could take that back.
      const failed = results.filter(({ problem, status }) => problem && status !== 404);
      return {
        gone: results.flatMap(({ id, problem }) => (problem ? [] : id)),
        kept: new Set(failed.map(({ id }) => id)),
        reason: failed[0]?.problem?.detail ?? '',
      };
    } catch (error) {
      return { gone: [], kept: new Set(ids), reason: reasonOf(error) };
    }
  }

  /**
   * @param {ImageJson[]} images  to be shown again
   * @param {Set<string>} kept
   * @param {string} reason
   */
  #keep(images, kept, reason) {
    for (const id of kept) {
      this.#deleted.delete(id);
    }
    this.#grid.add(...images);
    const what = kept.size === 1 ? 'The photo is' : `${countPhotos(kept.size)} are`;
    this.#toast.show({ text: `${what} still here. ${reason}`, kind: 'bad' });
  }

  /** @param {string[]} ids */
  async #restore(ids) {
    try {
      const images = ids.length === 1 ? [await restoreImage(ids[0] ?? '')] : await restoreMany(ids);
      this.#grid.add(...images);
      this.#grid.focusOn(images[0]?.id ?? '');
      for (const { id } of images) {
        if (this.#deleted.has(id)) {
          this.#deleted.set(id, { isBack: true });
        }
      }
      if (images.length < ids.length) {
        const left = countPhotos(ids.length - images.length);
        this.#toast.show({ text: `${left} could not be taken back.`, kind: 'bad' });
      }
    } catch (error) {
      const what = ids.length === 1 ? 'The photo is' : 'Some photos are';
      this.#toast.show({ text: `${what} still in the trash. ${reasonOf(error)}`, kind: 'bad' });
    }
  }

  /**
   * @param {string} id
   * @param {File} file
   * @param {number} version
   */
  async #replace(id, file, version) {
    this.#look.replacing(id, { words: `${file.name} is on its way…` });
    try {
      const image = await replaceImage(id, file, version);
      await fetched(image);
      this.#grid.update(image);
      this.#look.update(image);
      this.#look.replacing(id, { words: 'Replaced' });
    } catch (error) {
      this.#look.replacing(id, { words: `The picture is still the one before. ${reasonOf(error)}`, isBad: true });
    }
  }

  /** @param {string} id */
  async #copyLink(id) {
    const link = new URL(`/i/${id}`, location.href).href;
    try {
      await navigator.clipboard.writeText(link);
      this.#toast.show({ text: 'Link copied' });
    } catch {
      // Browsers keep the clipboard from pages without TLS, and people may forbid it.
      this.#toast.show({ text: `This browser does not let us copy. The link is ${link}` });
    }
  }
}

/**
 * @param {string} id
 * @returns {Promise<BatchResult[]>}
 */
async function trashOne(id) {
  await deleteImage(id);
  return [{ id, status: 204 }];
}

/** @param {string[]} ids */
async function restoreMany(ids) {
  const results = await doToMany(ids, { action: 'restore' });
  return results.flatMap(({ image }) => image ?? []);
}
