/** @import { ViewerFrame } from './viewer-frame.js' */
/** @import { ViewerStage } from './viewer-stage.js' */
/** @import { ImageJson, ViewerAction, ViewerList } from '../types.js' */

import { announce, find, fromTemplate, hear } from '../lib/dom.js';
import { altOf, boundsInSight, isSameAround, placeAfter, slideOf } from '../lib/slides.js';
import { loaded } from '../lib/styles.js';

/** So many images before the end of the list, more are asked for. */
const MORE_WITHIN = 8;

/**
 * One image as large as it goes, over the page, and the way to the others.
 *
 * It keeps the list and which image of it is shown; `<viewer-stage>` shows pictures, `<viewer-frame>` all around them.
 * `ViewerMethods` in `types.js` is how the page drives it, `GalleryEvents` what it says.
 */
export class ImageViewer extends HTMLElement {
  /** @type {(id: string) => HTMLImageElement | null} */
  thumbnailOf = () => null;

  /** @type {ViewerList} */
  #list = { images: [], total: 0, capped: false, more: false, canWrite: false };
  /** @type {ViewerList | null} a newer one, while the stage is still moving */
  #newerList = null;
  /** @type {string | null} */
  #shown = null;
  /** @type {string | null} what to open once the library is here */
  #wanted = null;

  /** The id of the image shown, null while closed. */
  get current() {
    return this.#shown;
  }

  /**
   * Opens, or moves to that image when open.
   *
   * @param {string} id  of an image in the list
   * @param {ViewerList} list
   */
  async open(id, list) {
    if (this.#shown !== null) {
      this.refresh(list);
      const index = this.#list.images.findIndex((image) => image.id === id);
      this.#stage.goTo(index === -1 ? this.#stage.index : index);
      return;
    }
    this.#list = list;
    this.#wanted = id;
    this.#build();
    try {
      const [library] = await Promise.all([this.#stage.load(), loaded(find(this, 'link', HTMLLinkElement))]);
      if (this.#wanted === id) {
        this.#start(library, id);
      }
    } catch (error) {
      reportError(error);
      this.replaceChildren(); // the next time it is tried afresh
      announce(this, 'viewer-failed', { id });
    }
  }

  /**
   * The list has grown or changed: stays on its image, or goes to the next one if that is gone.
   *
   * @param {ViewerList} list
   */
  refresh(list) {
    if (this.#wanted !== null) {
      this.#list = list;
    }
    if (this.#shown === null) {
      return;
    }
    if (this.#stage.isMoving) {
      this.#newerList = list;
      return;
    }
    const before = { images: this.#list.images, place: this.#stage.index };
    const after = { images: list.images, place: placeAfter(this.#list.images, list.images, this.#shown) };
    const image = list.images[after.place];
    if (!image) {
      this.close(); // with the list it had: what it showed shrinks away
      return;
    }
    this.#list = list;
    const isSame = before.images[before.place]?.variants.full.url === image.variants.full.url;
    if (!isSame || before.place !== after.place || !isSameAround(before, after)) {
      this.#stage.reorder(after.place, { isSame });
    }
    this.#stage.describe(altOf(image));
    this.#moved(after.place);
  }

  /** Closes, as if the person had. */
  close() {
    this.#wanted = null;
    if (this.#shown !== null) {
      this.#stage.close();
    }
  }

  /** @param {ImageJson} image */
  saved(image) {
    this.#frame.panel.saved(image);
  }

  /**
   * @param {string} id
   * @param {string} reason
   * @param {ImageJson} [newer]
   * @returns {boolean} whether something is left for the person to do
   */
  refused(id, reason, newer) {
    return this.#frame.panel.refused(id, reason, newer);
  }

  /**
   * @param {string} id
   * @param {{ words: string, isBad?: boolean }} news
   */
  replacing(id, news) {
    this.#frame.panel.replacing(id, news);
  }

  get #frame() {
    return /** @type {ViewerFrame} */ (find(this, 'viewer-frame', HTMLElement));
  }

  get #stage() {
    return /** @type {ViewerStage} */ (find(this, 'viewer-stage', HTMLElement));
  }

  /** @param {number} index */
  #imageAt(index) {
    const image = this.#list.images[index];
    if (!image) {
      throw new RangeError(`The viewer has no image at ${index}`);
    }
    return image;
  }

  #build() {
    if (this.querySelector('viewer-frame')) {
      return;
    }
    const frame = fromTemplate('image-viewer', HTMLElement);
    this.append(frame);
    hear(frame, 'viewer-action', ({ action }) => this.#do(action));
    hear(frame, 'stage-moved', ({ index }) => this.#moved(index));
    hear(frame, 'stage-leaving', () => this.#leave());
  }

  /**
   * @param {Awaited<ReturnType<ViewerStage['load']>>} library
   * @param {string} id
   */
  #start(library, id) {
    const index = this.#list.images.findIndex((image) => image.id === id);
    this.#shown = this.#imageAt(index).id;
    this.#wanted = null;
    this.#frame.show();
    this.#stage.open(library, index, {
      count: () => this.#list.images.length,
      slideAt: (at) => slideOf(this.#imageAt(at), this.thumbnailOf(this.#imageAt(at).id)),
      boundsAt: (at) => boundsInSight(this.thumbnailOf(this.#imageAt(at).id)),
    });
  }

  /** @param {number} index  in the list */
  #moved(index) {
    const { images, more } = this.#list;
    const { id } = this.#imageAt(index);
    const isOther = this.#shown !== id;
    this.#shown = id;
    this.#frame.draw(index, this.#list);
    if (isOther) {
      announce(this, 'image-moved', { id });
    }
    if (more && index >= images.length - MORE_WITHIN) {
      announce(this, 'more-wanted', {});
    }
    this.#catchUp();
  }

  /** A list that came while the stage was moving. */
  #catchUp() {
    const list = this.#newerList;
    this.#newerList = null;
    if (list) {
      this.refresh(list);
    }
  }

  /** It begins to close: the page has its keys back while the image still shrinks to its place. */
  #leave() {
    const id = this.#shown ?? '';
    this.#shown = null;
    this.#newerList = null;
    this.#frame.release();
    announce(this, 'image-closed', { id });
  }

  /** @param {ViewerAction} action */
  #do(action) {
    const id = this.#shown;
    if (id === null) {
      return;
    }
    const stage = this.#stage;
    /** @type {Partial<Record<ViewerAction, () => void>>} */
    const actions = {
      previous: () => stage.goTo(stage.heading - 1),
      next: () => stage.goTo(stage.heading + 1),
      first: () => stage.goTo(0),
      last: () => stage.goTo(this.#list.images.length - 1),
      close: () => this.close(),
      zoom: () => stage.zoom(),
      retry: () => stage.retry(),
      restore: () => announce(this, 'image-restore', { id }),
      copy: () => announce(this, 'image-copy-link', { id }),
      delete: () => this.#list.canWrite && announce(this, 'image-delete', { id }),
    };
    actions[action]?.();
  }
}

customElements.define('image-viewer', ImageViewer);
