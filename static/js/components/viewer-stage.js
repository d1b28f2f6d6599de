/** @import PhotoSwipe from 'photoswipe' */
/** @import { Slide } from '../types.js' */

import { announce, fromTemplate, isTyping } from '../lib/dom.js';
import { paddingFor } from '../lib/slides.js';

/** @typedef {{ x: number, y: number, w: number }} Bounds */

/** Fetched on the first opening. */
const PHOTOSWIPE = '../../vendor/photoswipe/photoswipe.esm.min.js';

/** Slides kept ready on each side. */
const AHEAD = 2;

/** Slides that PhotoSwipe may hold on each side. */
const HELD = 6;

const OPTIONS = {
  bgOpacity: 1,
  loop: false,
  showAnimationDuration: 240,
  hideAnimationDuration: 200,
  zoomAnimationDuration: 240,
  imageClickAction: /** @type {const} */ ('zoom'),
  clickToCloseNonZoomable: false,
  // The frame does these.
  escKey: false,
  arrowKeys: false,
  trapFocus: false,
  returnFocus: false,
};

/**
 * Where slides lie side by side, to be swiped, zoomed and thrown away. Knows slides by their place only.
 *
 * The one element that knows PhotoSwipe, which lays out and moves; whatever can be pressed or read is ours and stands
 * around it. Says `stage-moved`, `stage-loading`, `stage-tapped`, `stage-leaving`, `stage-left`.
 */
export class ViewerStage extends HTMLElement {
  /** @type {PhotoSwipe | null} from opening until it begins to close */
  #pswp = null;
  /** What was asked for while it opens. @type {((pswp: PhotoSwipe) => void)[]} */
  #waiting = [];
  /** @type {number | null} where the last of it leads */
  #next = null;
  /** @type {ResizeObserver | null} */
  #sizing = null;

  connectedCallback() {
    this.#sizing = new ResizeObserver(() => this.#pswp?.updateSize());
    this.#sizing.observe(this);
  }

  disconnectedCallback() {
    this.#sizing?.disconnect();
    this.#pswp?.destroy();
  }

  get isOpen() {
    return this.#pswp !== null;
  }

  /** The place of the slide shown. */
  get index() {
    return this.#pswp?.currIndex ?? -1;
  }

  /** The place of the slide that it is on its way to. */
  get heading() {
    return this.#next ?? this.#pswp?.potentialIndex ?? -1;
  }

  /** Whether it is opening, or between two slides: its order must not be changed then. Ends with `stage-moved`. */
  get isMoving() {
    const pswp = this.#pswp;
    const isOpening = pswp?.opener.isOpening || this.#waiting.length > 0;
    return pswp !== null && (isOpening || pswp.potentialIndex !== pswp.currIndex);
  }

  /** Fetches the library. Rejects when it cannot be had. */
  async load() {
    const library = await import(PHOTOSWIPE);
    return /** @type {typeof PhotoSwipe} */ (library.default);
  }

  /**
   * @param {typeof PhotoSwipe} Library  from `load()`
   * @param {number} index
   * @param {{ count: () => number, slideAt: (index: number) => Slide,
   *     boundsAt: (index: number) => Bounds | undefined }} source
   *     boundsAt: where in the window the slide comes from and goes to
   */
  open(Library, index, { count, slideAt, boundsAt }) {
    const pswp = new Library({
      ...OPTIONS,
      index,
      appendToEl: this,
      preload: [AHEAD, AHEAD],
      getViewportSizeFn: () => ({ x: this.clientWidth, y: this.clientHeight }),
      paddingFn: paddingFor,
      tapAction: () => announce(this, 'stage-tapped', {}),
    });
    this.#pswp = pswp;
    pswp.addFilter('numItems', count);
    pswp.addFilter('itemData', (_data, at) => slideAt(at));
    // None is fine: the slide fades then. Its types forgot that.
    pswp.addFilter('thumbBounds', (_bounds, _data, at) => /** @type {Bounds} */ (boundsAt(at)));
    pswp.addFilter('placeholderSrc', (_src, { data }) => data.msrc || false);
    pswp.addFilter('contentErrorElement', () => fromTemplate('viewer-trouble', HTMLElement));
    this.#follow(pswp);
    pswp.init();
    pswp.on('openingAnimationEnd', () => this.#opened(pswp));
  }

  /** @param {PhotoSwipe} pswp */
  #opened(pswp) {
    for (const act of this.#waiting) {
      act(pswp);
    }
    this.#forget();
    if (this.#pswp === pswp) {
      announce(this, 'stage-moved', { index: pswp.currIndex });
    }
  }

  /**
   * Does something now, or once it has opened: PhotoSwipe loses its way when it is moved while it opens, and does not
   * close.
   *
   * @param {(pswp: PhotoSwipe) => void} act
   */
  #whenOpen(act) {
    if (this.#pswp?.opener.isOpening) {
      this.#waiting.push(act);
    } else if (this.#pswp) {
      act(this.#pswp);
    }
  }

  #forget() {
    this.#waiting = [];
    this.#next = null;
  }

  /** @param {PhotoSwipe} pswp */
  #follow(pswp) {
    pswp.on('uiRegister', () => undress(pswp));
    pswp.on('keydown', (event) => {
      const { key, target } = event.originalEvent;
      if (isTyping(target) || (key !== 'ArrowUp' && key !== 'ArrowDown')) {
        event.preventDefault(); // up and down move a zoomed image, all other keys are the frame's
      }
    });
    pswp.on('contentLoad', ({ content }) => {
      content.placeholder?.element?.style.setProperty('background-color', content.data.color);
    });
    pswp.on('loadComplete', () => this.#sayLoading(pswp));
    pswp.on('change', () => {
      for (const [at, { el }] of pswp.mainScroll.itemHolders.entries()) {
        el.inert = at !== 1; // those beside may hold a button too: to load them again
      }
      announce(this, 'stage-moved', { index: pswp.currIndex });
      this.#sayLoading(pswp);
    });
    pswp.on('close', () => {
      this.#pswp = null;
      announce(this, 'stage-leaving', {});
    });
    pswp.on('destroy', () => announce(this, 'stage-left', {}));
  }

  /** @param {PhotoSwipe} pswp */
  #sayLoading(pswp) {
    announce(this, 'stage-loading', { isLoading: pswp.currSlide?.content.isLoading() ?? false });
  }

  /** @param {number} index  beyond the ends it stays at the end */
  goTo(index) {
    this.#forget(); // also that it was to close: who goes on does not leave
    if (this.#pswp?.opener.isOpening) {
      this.#next = Math.max(0, Math.min(index, this.#pswp.getNumItems() - 1));
    }
    this.#whenOpen((pswp) => pswp.goTo(index));
  }

  /** @param {string} alt  of the slide shown */
  describe(alt) {
    const element = this.#pswp?.currSlide?.content.element;
    if (element instanceof HTMLImageElement) {
      element.alt = alt;
    }
  }

  zoom() {
    this.#whenOpen((pswp) => pswp.toggleZoom());
  }

  /** Loads the slide shown once more. */
  retry() {
    this.#whenOpen((pswp) => pswp.refreshSlideContent(pswp.currIndex));
  }

  close() {
    this.#forget();
    this.#whenOpen((pswp) => pswp.close());
  }

  /**
   * The slides have other places now.
   *
   * @param {number} place  of the slide to be shown
   * @param {{ isSame: boolean }} options  it is the one that is shown already: stays as it is, zoomed or not
   */
  reorder(place, { isSame }) {
    const pswp = this.#pswp;
    if (!pswp) {
      return;
    }
    const { contentLoader, currIndex, currSlide } = pswp;
    for (let index = currIndex - HELD; index <= currIndex + HELD; index += 1) {
      contentLoader.removeByIndex(index);
    }
    pswp.currIndex = place;
    pswp.potentialIndex = place;
    if (isSame && currSlide) {
      currSlide.index = place;
      currSlide.content.index = place;
      contentLoader.addToCache(currSlide.content);
    }
    for (const [at, holder] of pswp.mainScroll.itemHolders.entries()) {
      if (at !== 1 || !isSame) {
        pswp.setContent(holder, place + at - 1, true);
      }
    }
    contentLoader.updateLazy();
    this.#sayLoading(pswp);
  }
}

/**
 * Takes off what PhotoSwipe would say and draw itself. Its buttons are written as HTML text, which Trusted Types
 * forbid; the dialog is ours.
 *
 * @param {PhotoSwipe} pswp
 */
function undress(pswp) {
  if (pswp.ui) {
    pswp.ui.uiElementsData = [];
  }
  pswp.element?.removeAttribute('role');
  pswp.element?.removeAttribute('tabindex');
  pswp.scrollWrap?.setAttribute('aria-label', 'Photo');
}

customElements.define('viewer-stage', ViewerStage);
