/** @import { ImageGrid } from '../components/image-grid.js' */
/** @import { ImageJson, LiveState } from '../types.js' */
/** @import { LiveStream } from '../live.js' */
/** @import { Adding } from './add.js' */
/** @import { Browse } from './browse.js' */
/** @import { Change } from './change.js' */
/** @import { Look } from './look.js' */
/** @import { Trash } from './trash.js' */

import { find, hear } from '../lib/dom.js';
import { meets } from '../lib/filter.js';
import { canReachServer } from '../lib/host.js';
import { fetched } from '../lib/picture.js';

/** A connection that comes back sooner was hardly missed. */
const MISSED_AFTER_MS = 2000;

/** Tags are counted anew once the changes pause so long. */
const TAGS_AFTER_MS = 2000;

/** @type {Record<LiveState, string>} */
const SENTENCES = {
  live: '',
  reconnecting: 'Reconnecting…',
  away: 'The gallery does not answer. It is tried again by itself.',
};

/** What others change, as it happens; and what to say while that cannot be known. */
export class Follow {
  #live;
  #grid;
  #look;
  #browse;
  #change;
  #adding;
  #trash;
  /** @type {LiveState} */
  #state = 'live';
  /** @type {number | undefined} */
  #saying;
  /** @type {number | undefined} */
  #tags;

  /**
   * @param {{ live: LiveStream, grid: ImageGrid, look: Look, browse: Browse, change: Change | null,
   *     adding: Adding | null, trash: Trash | null }} parts  either the gallery with its changes, or its trash
   */
  constructor({ live, grid, look, browse, change, adding, trash }) {
    this.#live = live;
    this.#grid = grid;
    this.#look = look;
    this.#browse = browse;
    this.#change = change;
    this.#adding = adding;
    this.#trash = trash;
  }

  start() {
    hear(this.#live, 'image-created', ({ image }) => this.#created(image));
    hear(this.#live, 'image-updated', ({ image }) => this.#updated(image));
    hear(this.#live, 'image-deleted', ({ id }) => this.#deleted(id));
    hear(this.#live, 'image-purged', ({ id }) => this.#trash?.purged(id));
    hear(this.#live, 'live-lost', () => this.#browse.reload());
    hear(this.#live, 'live-state', ({ state }) => this.#changeState(state));
    addEventListener('offline', () => this.#tell());
    addEventListener('online', () => this.#tell());
    this.#live.start();
    this.#tell();
  }

  /** @param {ImageJson} image */
  async #created(image) {
    if (this.#trash) {
      this.#trash.shown(image);
      return;
    }
    await this.#adding?.othersOnly();
    const isWanted = this.#grid.has(image.id) || meets(image, this.#browse.filter);
    if (isWanted && !this.#isPast(image)) {
      this.#grid.add(image);
    }
    this.#countTags();
  }

  /** @param {ImageJson} image */
  async #updated(image) {
    const known = this.#grid.find(image.id);
    if (known && known.variants.full.url !== image.variants.full.url) {
      await fetched(image);
    }
    if (this.#trash || this.#isPast(image)) {
      return;
    }
    this.#grid.update(image);
    this.#look.update(image);
    this.#countTags();
  }

  /**
   * Whether the news is older than what is shown: an answer to this page itself may be quicker.
   *
   * @param {ImageJson} image
   */
  #isPast({ id, version }) {
    return (this.#grid.find(id)?.version ?? 0) > version;
  }

  /** @param {string} id */
  #deleted(id) {
    if (this.#trash) {
      this.#trash.deleted(id);
      return;
    }
    if (!this.#change?.isOver(id)) {
      this.#grid.takeOut([id]);
      this.#look.forget(id);
    }
    this.#countTags();
  }

  #countTags() {
    clearTimeout(this.#tags);
    this.#tags = window.setTimeout(() => this.#browse.refreshTags(), TAGS_AFTER_MS);
  }

  /** @param {LiveState} state */
  #changeState(state) {
    const isBack = state === 'live' && this.#state !== 'live';
    this.#state = state;
    this.#tell();
    if (isBack) {
      this.#browse.recover();
    }
  }

  #tell() {
    clearTimeout(this.#saying);
    const sentence = canReachServer() ? SENTENCES[this.#state] : 'You are offline. What you see may be old.';
    const notice = find(document, '.notice', HTMLElement);
    if (sentence === '') {
      notice.textContent = '';
    } else {
      this.#saying = window.setTimeout(() => {
        notice.textContent = sentence;
      }, MISSED_AFTER_MS);
    }
  }
}
