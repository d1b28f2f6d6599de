/** @import { ImageGrid } from '../components/image-grid.js' */
/** @import { SearchBox } from '../components/search-box.js' */
/** @import { TagChips } from '../components/tag-chips.js' */
/** @import { Place } from '../lib/left.js' */
/** @import { Filter, GalleryPage, ImageList } from '../types.js' */

import { listImages, listTags, reasonOf } from '../api.js';
import { find, hasModifier, hear } from '../lib/dom.js';
import { addressOf, parseFilter, sameFilter } from '../lib/filter.js';
import { leaveAt, leftAt } from '../lib/left.js';
import { describe, tellFound } from './describe.js';

/** Typing pauses so long before a search is worth asking for. */
const PAUSE_MS = 160;

/** An answer that takes longer is worth a word. */
const PATIENCE_MS = 400;

/**
 * Which images are shown: searching, tags, endless scrolling, and the address that says all of it. The address also
 * holds the page of the list that was scrolled to, so that Back and a reload lead to the same photograph.
 */
export class Browse {
  #grid;
  #search;
  #chips;
  /** @type {Filter} */
  #filter = { q: '', tags: [] };
  /** @type {string | null} the next page's */
  #cursor = null;
  /** @type {Map<string, string | null>} image → the cursor of the page it came with */
  #cursors = new Map();
  #loading = new AbortController();
  #isLoadingMore = false;
  /** @type {unknown} why there is no list */
  #trouble = null;
  /** @type {number | undefined} */
  #pause;
  /** @type {number | undefined} */
  #patience;

  /** @param {{ grid: ImageGrid, search: SearchBox, chips: TagChips }} parts */
  constructor({ grid, search, chips }) {
    this.#grid = grid;
    this.#search = search;
    this.#chips = chips;
  }

  get filter() {
    return this.#filter;
  }

  /** @param {GalleryPage} page  what the server drew */
  start(page) {
    const query = new URLSearchParams(location.search);
    history.scrollRestoration = 'manual';
    this.#filter = parseFilter(query);
    this.#listen(); // first: a wide window asks for more as soon as it shows something
    const left = leftAt();
    this.#show(page, query.get('cursor'));
    if (left && left.address !== location.pathname + location.search) {
      this.#resume(left);
    } else {
      this.#returnTo(left?.place ?? history.state?.place);
    }
  }

  /**
   * Shows the images that meet another filter.
   *
   * @param {Filter} filter
   * @param {{ replace?: boolean }} [options]  the last step is not worth going back to
   */
  async search(filter, { replace = false } = {}) {
    if (!sameFilter(filter, this.#filter)) {
      this.#filter = filter;
      history[replace ? 'replaceState' : 'pushState'](null, '', addressOf(filter));
      await this.reload();
    }
  }

  /** Reads the list anew, from its newest image. */
  async reload() {
    if (await this.#load(null)) {
      scrollTo(0, 0);
    }
  }

  /** The server can be reached again: what failed is worth another try. */
  async recover() {
    if (this.#trouble) {
      await this.reload();
    } else if (!find(document, '.gallery__more', HTMLElement).hidden) {
      await this.#loadMore();
    }
  }

  /** Says how many there are, or why there are none. To be called when the grid has changed. */
  describe() {
    describe(this.#grid, { filter: this.#filter, trouble: this.#trouble });
  }

  /** Offers the tags that are in use now. */
  async refreshTags() {
    try {
      const tags = await listTags();
      this.#chips.show(
        tags.map(({ tag }) => tag),
        this.#filter,
      );
    } catch (error) {
      reasonOf(error); // the chips stay as they were, which is near enough
    }
  }

  #listen() {
    hear(this.#search, 'search-changed', ({ q }) => this.#onTyping(q));
    hear(this.#chips, 'tags-changed', ({ tags }) => this.search({ ...this.#filter, q: this.#search.value, tags }));
    hear(document, 'more-wanted', () => this.#loadMore());
    hear(this.#grid, 'place-changed', (place) => this.#remember(place));
    addEventListener('popstate', () => this.#onPopState());
    document.addEventListener('click', (event) => this.#onClick(event));
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const link = event.target instanceof Element ? event.target.closest('[data-browse]') : null;
    if (!(link instanceof HTMLElement) || hasModifier(event)) {
      return;
    }
    event.preventDefault();
    switch (link.dataset.browse) {
      case 'everything':
        this.search({ ...this.#filter, q: '', tags: [] });
        this.#search.enter();
        break;
      case 'newest':
        history.pushState(null, '', addressOf(this.#filter));
        this.reload();
        break;
      case 'older':
        this.#loadMore();
        break;
      default:
        this.reload();
    }
  }

  /** @param {string} q */
  #onTyping(q) {
    clearTimeout(this.#pause);
    const replace = this.#filter.q !== '' && q !== '';
    const search = () => this.search({ ...this.#filter, q }, { replace });
    this.#pause = window.setTimeout(search, q ? PAUSE_MS : 0);
  }

  /** Back or Forward, to another list. The steps of the viewer stay on this one. */
  async #onPopState() {
    const query = new URLSearchParams(location.search);
    const filter = parseFilter(query);
    if (location.pathname === '/' && !sameFilter(filter, this.#filter)) {
      const place = history.state?.place;
      this.#filter = filter;
      if (await this.#load(query.get('cursor'))) {
        this.#returnTo(place);
      }
    }
  }

  /**
   * Asks for the list, from its beginning or from a cursor. What was asked for before is dropped.
   *
   * @param {string | null} cursor
   * @returns {Promise<boolean>} whether it is shown now
   */
  async #load(cursor) {
    clearTimeout(this.#pause);
    this.#loading.abort();
    this.#loading = new AbortController();
    const { signal } = this.#loading;
    this.#cursor = null; // it leads on from another list
    this.#offerOlder({ failed: '' });
    this.#search.value = this.#filter.q;
    this.#chips.show(this.#chips.tags, this.#filter);
    this.#showBusy(true);
    try {
      this.#show(await listImages(this.#filter, { cursor, signal }), cursor);
    } catch (error) {
      if (!signal.aborted) {
        this.#trouble = error;
        this.#showBusy(false);
        this.describe();
      }
      return false;
    }
    return true;
  }

  /**
   * @param {ImageList} list
   * @param {string | null} cursor
   */
  #show(list, cursor) {
    this.#trouble = null;
    this.#isLoadingMore = false;
    this.#cursors.clear();
    this.#keep(list, cursor);
    this.#showBusy(false);
    this.#grid.fill(list, { fromNewest: cursor === null });
    find(document, '.gallery__newest', HTMLElement).hidden = cursor === null;
    this.#offerOlder({ failed: '' });
    this.describe();
  }

  async #loadMore() {
    const cursor = this.#cursor;
    const { signal } = this.#loading;
    if (cursor === null || this.#isLoadingMore) {
      return;
    }
    this.#isLoadingMore = true;
    try {
      const list = await listImages(this.#filter, { cursor, signal });
      this.#isLoadingMore = false;
      this.#keep(list, cursor);
      this.#offerOlder({ failed: '' });
      this.#grid.extend(list);
    } catch (error) {
      if (!signal.aborted) {
        this.#isLoadingMore = false;
        this.#offerOlder({ failed: `Older photos could not be loaded. ${reasonOf(error)}` });
        this.#grid.close();
      }
    }
  }

  /**
   * @param {ImageList} list
   * @param {string | null} cursor
   */
  #keep({ images, next_cursor }, cursor) {
    this.#cursor = next_cursor;
    for (const { id } of images) {
      this.#cursors.set(id, cursor);
    }
  }

  /** Scrolling asks for more by itself; the link is for when that has failed. */
  #offerOlder({ failed = '' }) {
    const more = find(document, '.gallery__more', HTMLElement);
    more.hidden = !failed;
    find(more, '.gallery__words', HTMLElement).textContent = failed;
    find(more, 'a', HTMLElement).textContent = failed ? 'Try again' : 'Older photos';
  }

  /** @param {boolean} isBusy */
  #showBusy(isBusy) {
    clearTimeout(this.#patience);
    if (isBusy) {
      this.#patience = window.setTimeout(() => tellFound('Searching…'), PATIENCE_MS);
    }
    this.#search.toggleAttribute('busy', isBusy);
    this.#grid.toggleAttribute('busy', isBusy);
  }

  /** @param {Place & { isLast: boolean }} place */
  #remember({ isLast, ...place }) {
    if (location.pathname !== '/') {
      return;
    }
    const address = addressOf(this.#filter, this.#cursors.get(place.id) ?? null);
    if (isLast) {
      leaveAt({ place, address });
    } else {
      history.replaceState({ ...history.state, place }, '', address);
    }
  }

  /**
   * The page was left before its address said where.
   *
   * @param {{ place: Place, address: string }} left
   */
  async #resume({ place, address }) {
    history.replaceState({ ...history.state, place }, '', address);
    if (await this.#load(new URLSearchParams(location.search).get('cursor'))) {
      this.#returnTo(place);
    }
  }

  /** @param {Place | undefined} place */
  #returnTo(place) {
    if (!place || !this.#grid.goTo(place.id, place)) {
      scrollTo(0, 0);
    }
  }
}
