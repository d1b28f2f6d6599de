import { announce } from './lib/dom.js';

/**
 * As much of a window as has an address.
 *
 * @typedef {EventTarget & { location: Pick<Location, 'pathname'>,
 *     history: Pick<History, 'state' | 'pushState' | 'replaceState' | 'back'> }} View
 */

/**
 * The part of the address that says which image is looked at: `/i/{id}` over the gallery, wherever that stands.
 *
 * Looking at an image adds one step to the history; paging through images changes that step. So Back closes the
 * viewer, Forward opens it again, and however many images were seen lie one step away. Dispatches `route-changed`
 * when the person goes Back or Forward. `inPlace`, where images have no address of their own, the address stays.
 */
export class Route extends EventTarget {
  #window;
  #inPlace;

  /**
   * @param {View} view  the window
   * @param {{ inPlace?: boolean }} [options]
   */
  constructor(view = globalThis.window, { inPlace = false } = {}) {
    super();
    this.#window = view;
    this.#inPlace = inPlace;
    view.addEventListener('popstate', () => announce(this, 'route-changed', { id: this.image }));
  }

  /** The id in the address, null in the gallery. */
  get image() {
    if (this.#inPlace) {
      return this.#window.history.state?.image ?? null;
    }
    return /^\/i\/([\w-]+)$/.exec(this.#window.location.pathname)?.[1] ?? null;
  }

  /**
   * The viewer shows this image now.
   *
   * @param {string} id
   */
  show(id) {
    const { history } = this.#window;
    if (this.image === id) {
      return;
    }
    const address = this.#inPlace ? '' : `/i/${id}`;
    if (this.image === null) {
      history.pushState({ overGallery: true, image: id }, '', address);
    } else {
      history.replaceState({ ...history.state, image: id }, '', address);
    }
  }

  /** The viewer has closed: back to the gallery as it was, or to a fresh one when the image was loaded by itself. */
  leave() {
    const { history } = this.#window;
    if (this.image === null) {
      return;
    }
    if (history.state?.overGallery) {
      history.back();
    } else {
      history.replaceState(null, '', '/');
    }
  }
}
