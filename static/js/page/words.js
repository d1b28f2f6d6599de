/** @import { ImageGrid } from '../components/image-grid.js' */
/** @import { ToastMessage } from '../components/toast-message.js' */
/** @import { ImageJson, Told, Upload, Words } from '../types.js' */
/** @import { UploadQueue } from '../upload/queue.js' */

import { editImage, reasonOf } from '../api.js';
import { recall, remember } from '../lib/memory.js';
import { folderOf } from '../lib/picked.js';

/** What this browser remembers. */
const WITH_FOLDER = 'vitrine.folder-tags';

/**
 * What is said of the files of a batch: of all, and of single ones. It goes with a file, or after it where that is on
 * its way already or has arrived.
 */
export class BatchWords {
  #queue;
  #grid;
  #toast;
  /** @type {Words} */
  #ofAll = { description: '', tags: [], withFolder: recall(WITH_FOLDER) === 'yes' };
  /** @type {Map<string, Told>} of single ones */
  #own = new Map();
  /** @type {Map<string, { image: ImageJson, file: File }>} of this batch, by the keys of their uploads */
  #arrived = new Map();

  /** @param {{ queue: UploadQueue, grid: ImageGrid, toast: ToastMessage }} parts */
  constructor({ queue, grid, toast }) {
    this.#queue = queue;
    this.#grid = grid;
    this.#toast = toast;
  }

  /**
   * Another batch begins: what was said of the last one is not said of it; tags stay.
   *
   * @returns {Words} what holds for all
   */
  begin() {
    this.#ofAll = { ...this.#ofAll, description: '' };
    this.#own.clear();
    this.#arrived.clear();
    return this.#ofAll;
  }

  /**
   * What is said of a file that is added now.
   *
   * @param {File} file
   * @returns {Told}
   */
  of = (file) => {
    const { description, tags, withFolder } = this.#ofAll;
    const folder = withFolder ? folderOf(file) : '';
    return { description, tags: folder && !tags.includes(folder) ? [...tags, folder] : tags };
  };

  /**
   * @param {string | null} key  null for all
   * @param {Words} words
   */
  say(key, words) {
    if (key === null) {
      this.#ofAll = words;
      remember(WITH_FOLDER, words.withFolder ? 'yes' : 'no');
    } else {
      this.#own.set(key, { description: words.description, tags: words.tags });
    }
    const isMeant = (/** @type {string} */ each) => key === null || key === each;
    for (const upload of this.#queue.uploads.filter((each) => isMeant(each.key) && each.image === null)) {
      this.#queue.say(upload.key, this.#toldOf(upload.key, upload.file));
    }
    for (const [each, { file }] of [...this.#arrived].filter(([arrived]) => isMeant(arrived))) {
      void this.#edit(each, this.#toldOf(each, file));
    }
  }

  /** @param {Upload} upload  that has become an image */
  arrived({ key, file, image, later }) {
    if (image) {
      this.#arrived.set(key, { image, file });
      if (later) {
        void this.#edit(key, later);
      }
    }
  }

  /**
   * @param {string} key
   * @param {File} file
   */
  #toldOf(key, file) {
    return this.#own.get(key) ?? this.of(file);
  }

  /**
   * @param {string} key
   * @param {Told} told
   */
  async #edit(key, told) {
    const arrived = this.#arrived.get(key);
    if (!arrived) {
      return;
    }
    try {
      arrived.image = await editImage(arrived.image.id, told, arrived.image.version);
      this.#grid.update(arrived.image);
    } catch (error) {
      this.#toast.show({
        text: `${arrived.file.name} is here, but without its words. ${reasonOf(error)}`,
        kind: 'bad',
      });
    }
  }
}
