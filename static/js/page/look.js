/** @import { ImageGrid } from '../components/image-grid.js' */
/** @import { ImageViewer } from '../components/image-viewer.js' */
/** @import { Route } from '../route.js' */
/** @import { GalleryPage, ImageJson, ViewerList } from '../types.js' */

import { findImage, reasonOf } from '../api.js';
import { hear } from '../lib/dom.js';

/** Looking at one photograph: the viewer, its address, and the way back to the grid. */
export class Look {
  #viewer;
  #grid;
  #route;
  #canWrite = false;
  /** @type {ImageJson | null} one that is not in the grid, opened by its address */
  #alone = null;

  /** @param {{ viewer: ImageViewer, grid: ImageGrid, route: Route }} parts */
  constructor({ viewer, grid, route }) {
    this.#viewer = viewer;
    this.#grid = grid;
    this.#route = route;
  }

  /** @param {GalleryPage} page */
  start({ image, can_write }) {
    this.#canWrite = can_write;
    this.#viewer.thumbnailOf = (id) => this.#grid.thumbnailOf(id);
    hear(document, 'image-open', ({ id }) => this.#open(id));
    hear(document, 'image-moved', ({ id }) => this.#route.show(id));
    hear(document, 'image-closed', ({ id }) => this.#closed(id));
    hear(document, 'viewer-failed', ({ id }) => this.#showPlainly(id));
    hear(this.#route, 'route-changed', ({ id }) => this.#follow(id));
    if (image) {
      this.#openCold(image);
    }
  }

  /** The grid has changed: the viewer goes on with what is there now. */
  refresh() {
    if (this.#viewer.current !== null) {
      this.#viewer.refresh(this.#list());
    }
  }

  /** @param {ImageJson} image  as the server has it after an edit */
  saved(image) {
    this.update(image);
    this.#viewer.saved(image);
  }

  /**
   * An edit was not taken. Says whether the person must do something about it and cannot see that now.
   *
   * @param {string} id
   * @param {string} reason
   * @param {ImageJson} [newer]
   */
  refused(id, reason, newer) {
    return this.#viewer.refused(id, reason, newer) && this.#viewer.current !== id;
  }

  /**
   * How the replacement of a picture goes.
   *
   * @param {string} id
   * @param {{ words: string, isBad?: boolean }} news
   */
  replacing(id, news) {
    this.#viewer.replacing(id, news);
  }

  /** @param {ImageJson} image  as it is known now */
  update(image) {
    if (this.#alone?.id === image.id) {
      this.#alone = image;
      this.refresh();
    }
  }

  /** @param {string} id  of an image that has gone */
  forget(id) {
    if (this.#alone?.id === id) {
      this.#alone = null;
      this.refresh();
    }
  }

  /** @returns {ViewerList} what the viewer pages through: the grid, or the one image that is not in it */
  #list() {
    const canWrite = this.#canWrite;
    if (this.#alone) {
      return { images: [this.#alone], total: 1, capped: false, more: false, canWrite };
    }
    return { images: this.#grid.images, ...this.#grid.counts, more: this.#grid.more, canWrite };
  }

  /** @param {string} id  of an image in the grid */
  #open(id) {
    this.#alone = null;
    this.#route.show(id);
    return this.#viewer.open(id, this.#list());
  }

  /**
   * Opens an image by its address, whether it is in the grid or not.
   *
   * @param {ImageJson} image
   */
  async #openAlone(image) {
    this.#alone = this.#grid.has(image.id) ? null : image;
    await this.#viewer.open(image.id, this.#list());
  }

  /**
   * The page was loaded for this image: what the server drew of it stands until the viewer does.
   *
   * @param {ImageJson} image
   */
  async #openCold(image) {
    await this.#openAlone(image);
    if (this.#viewer.current !== null) {
      document.querySelector('.single')?.remove();
    }
  }

  /**
   * Without the viewer, an image is shown by its own page; which is this one if the server drew it here.
   *
   * @param {string} id
   */
  #showPlainly(id) {
    if (!document.querySelector('.single')) {
      location.assign(`/i/${id}`);
    }
  }

  /** @param {string} id */
  #closed(id) {
    this.#alone = null;
    this.#route.leave();
    this.#grid.focusOn(id);
  }

  /**
   * Back or Forward.
   *
   * @param {string | null} id
   */
  async #follow(id) {
    if (id === null) {
      this.#viewer.close();
    } else if (this.#grid.has(id)) {
      await this.#open(id);
    } else if (id !== this.#viewer.current) {
      await this.#fetchAndOpen(id);
    }
  }

  /** @param {string} id */
  async #fetchAndOpen(id) {
    try {
      await this.#openAlone(await findImage(id));
    } catch (error) {
      reasonOf(error);
      location.reload(); // the server tells it better
    }
  }
}
