/** @import { GalleryEvents } from './types.js' */

import { streamDelay } from './lib/backoff.js';
import { announce } from './lib/dom.js';

/** Without a connection for so long, people are told that the server is away. */
const AWAY_AFTER_MS = 10_000;

/** A page that nobody sees gives its connection back: HTTP/1.1 browsers open six to a host, for all tabs together. */
const UNSEEN_AFTER_MS = 20_000;

/** @typedef {EventTarget & Pick<EventSource, 'readyState' | 'close'>} Source */

/**
 * @typedef {object} LiveOptions
 * @property {string} [since]  the id of the last change that the page shows already
 * @property {string} [address]
 * @property {(url: string) => Source} [open]  makes the EventSource
 * @property {EventTarget} [page]  says `pagehide` and `pageshow`; the window
 * @property {EventTarget & { hidden: boolean }} [sight]  says `visibilitychange`; the document
 * @property {() => number} [random]
 */

/**
 * What other pages change, as it happens: `image-created`, `image-updated`, `image-deleted`, `image-purged`,
 * `live-lost` and `live-state`. A change may be told twice.
 *
 * The browser opens a broken stream again by itself, from the last change it saw. It gives up when the server answers
 * with an error (it is full, or restarts): then we open a new one after a pause, from that same change.
 */
export class LiveStream extends EventTarget {
  /** @type {Required<LiveOptions>} */
  #options;
  /** @type {Source | null} */
  #source = null;
  #lastId;
  #failures = 0;
  /** @type {import('./types.js').LiveState | null} */
  #state = null;
  /** @type {Record<'reopen' | 'away' | 'unseen', ReturnType<typeof setTimeout> | undefined>} */
  #alarms = { reopen: undefined, away: undefined, unseen: undefined };

  /** @param {LiveOptions} [options] */
  constructor(options = {}) {
    super();
    this.#options = {
      since: '',
      address: '/api/events',
      open: (url) => new EventSource(url),
      page: globalThis,
      sight: globalThis.document,
      random: Math.random,
      ...options,
    };
    this.#lastId = this.#options.since;
  }

  /** Opens the stream, and keeps it open while the page is in sight. */
  start() {
    const { page, sight } = this.#options;
    // A page with an open stream is not kept for Back and Forward.
    page.addEventListener('pagehide', () => this.#close());
    page.addEventListener('pageshow', () => this.#open());
    sight.addEventListener('visibilitychange', () => this.#followSight());
    this.#open();
  }

  #followSight() {
    clearTimeout(this.#alarms.unseen);
    if (this.#options.sight.hidden) {
      this.#alarms.unseen = setTimeout(() => this.#close(), UNSEEN_AFTER_MS);
    } else {
      this.#open();
    }
  }

  #open() {
    if (this.#source) {
      return;
    }
    clearTimeout(this.#alarms.reopen);
    const { address, open } = this.#options;
    const source = open(this.#lastId ? `${address}?last_event_id=${encodeURIComponent(this.#lastId)}` : address);
    this.#source = source;
    source.addEventListener('open', () => this.#live());
    source.addEventListener('error', () => this.#broken());
    this.#pass(source, 'image.created', 'image-created', (image) => ({ image }));
    this.#pass(source, 'image.updated', 'image-updated', (image) => ({ image }));
    this.#pass(source, 'image.deleted', 'image-deleted', ({ id }) => ({ id }));
    this.#pass(source, 'image.purged', 'image-purged', ({ id }) => ({ id }));
    this.#pass(source, 'reload', 'live-lost', () => ({}));
  }

  /**
   * @template {keyof GalleryEvents} Name
   * @param {Source} source
   * @param {string} from  the server's name of the event
   * @param {Name} to
   * @param {(data: any) => GalleryEvents[Name]} detail
   */
  #pass(source, from, to, detail) {
    source.addEventListener(from, (event) => {
      if (!(event instanceof MessageEvent)) {
        return;
      }
      this.#lastId = event.lastEventId || this.#lastId;
      announce(this, to, detail(JSON.parse(event.data)));
    });
  }

  #live() {
    this.#failures = 0;
    clearTimeout(this.#alarms.away);
    this.#alarms.away = undefined;
    this.#say('live');
  }

  #broken() {
    if (this.#state !== 'away') {
      this.#say('reconnecting');
      this.#alarms.away ??= setTimeout(() => this.#say('away'), AWAY_AFTER_MS);
    }
    if (this.#source?.readyState === 2) {
      // CLOSED: the browser will not try again.
      this.#source = null;
      const delay_ms = streamDelay(this.#failures, { random: this.#options.random });
      this.#failures += 1;
      this.#alarms.reopen = setTimeout(() => this.#open(), delay_ms);
    }
  }

  #close() {
    for (const alarm of Object.values(this.#alarms)) {
      clearTimeout(alarm);
    }
    this.#alarms.away = undefined;
    this.#source?.close();
    this.#source = null;
  }

  /** @param {import('./types.js').LiveState} state */
  #say(state) {
    if (state !== this.#state) {
      this.#state = state;
      announce(this, 'live-state', { state });
    }
  }
}
