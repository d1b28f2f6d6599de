/** @import { ImageGrid } from '../components/image-grid.js' */
/** @import { SelectionBar } from '../components/selection-bar.js' */
/** @import { ToastMessage } from '../components/toast-message.js' */
/** @import { BatchAction, SelectionAction } from '../types.js' */
/** @import { Browse } from './browse.js' */

import { doToMany, orderArchive, reasonOf } from '../api.js';
import { ask } from '../lib/ask.js';
import { hear } from '../lib/dom.js';
import { countPhotos, formatCount } from '../lib/format.js';

/** What one zip holds. */
const MOST_IN_ZIP = 1000;

/**
 * What many photographs go through together.
 *
 * @typedef {object} Ends
 * @property {(ids: string[]) => void} remove  to the trash, or out of it for ever
 * @property {(ids: string[]) => void} [restore]  in the trash
 */

/** Selected photographs: the bar over them, and what it does. */
export class Select {
  #grid;
  #bar;
  #toast;
  #browse;
  #ends;

  /** @param {{ grid: ImageGrid, bar: SelectionBar, toast: ToastMessage, browse: Browse, ends: Ends }} parts */
  constructor({ grid, bar, toast, browse, ends }) {
    this.#grid = grid;
    this.#bar = bar;
    this.#toast = toast;
    this.#browse = browse;
    this.#ends = ends;
  }

  start() {
    this.#bar.actions = this.#ends.restore
      ? [
          { action: 'restore', text: 'Restore', keys: 'r' },
          { action: 'download', text: 'Download', keys: 'Shift+D' },
          { action: 'delete', text: 'Delete for ever', keys: 'Delete', isBad: true },
        ]
      : [
          { action: 'tag', text: 'Tag', keys: 't' },
          { action: 'describe', text: 'Describe', keys: 'e' },
          { action: 'download', text: 'Download', keys: 'Shift+D' },
          { action: 'delete', text: 'Delete', keys: 'Delete' },
        ];
    hear(this.#grid, 'selection-changed', () => this.#tell());
    hear(this.#grid, 'grid-changed', () => this.#grid.picks.size > 0 && this.#tell());
    hear(document, 'selection-action', ({ action }) => this.#do(action));
  }

  #tell() {
    const { ids } = this.#grid.picks;
    const { total, capped } = this.#grid.counts;
    const loaded = new Set(this.#grid.images.map(({ id }) => id));
    const unseen = ids.filter((id) => !loaded.has(id)).length;
    const words = [`${formatCount(ids.length)} selected`];
    if (unseen > 0) {
      words.push(`${formatCount(unseen)} not shown here`);
    } else if (ids.length === loaded.size && this.#grid.more) {
      words.push(`all that are loaded of ${formatCount(total)}${capped ? '+' : ''}`);
    }
    const hadFocus = this.#bar.hasFocus;
    this.#bar.show(ids.length, ids.length > 0 ? words.join(', ') : 'Nothing selected');
    if (hadFocus && ids.length === 0) {
      this.#grid.focusOn(this.#grid.picks.anchor ?? this.#grid.images[0]?.id ?? '');
    }
  }

  /** @param {SelectionAction} action */
  async #do(action) {
    const { ids } = this.#grid.picks;
    if (this.#bar.hasAttribute('busy') || !this.#offers(action)) {
      return;
    }
    switch (action) {
      case 'tag':
        await this.#tag(ids);
        break;
      case 'describe':
        await this.#describe(ids);
        break;
      case 'download':
        await this.#busy(() => this.#download(ids));
        break;
      case 'delete':
        this.#ends.remove(ids);
        break;
      case 'restore':
        this.#ends.restore?.(ids);
        break;
      default:
        this.#leave();
    }
  }

  /** @param {SelectionAction} action  keys ask for others, too */
  #offers(action) {
    return action === 'clear' || this.#bar.actions.some((each) => each.action === action);
  }

  /** Back to the photograph that was chosen last. */
  #leave() {
    const { anchor } = this.#grid.picks;
    this.#grid.picks.clear();
    this.#grid.focusOn(anchor ?? '');
  }

  /** @param {string[]} ids */
  async #tag(ids) {
    const picked = new Set(ids);
    const images = this.#grid.images.filter(({ id }) => picked.has(id));
    const known = [...new Set(images.flatMap(({ tags }) => tags))].sort();
    const answer = await ask({
      title: `Tag ${countPhotos(ids.length)}`,
      words: known.length > 0 ? `Now there: ${known.join(', ')}` : '',
      field: { label: 'Tags, with commas between them', maxLength: 640 },
      choices: [
        { value: 'tag', text: 'Add', kind: 'primary' },
        { value: 'untag', text: 'Take off' },
      ],
    });
    const tags = answer ? answer.text.split(',').flatMap((tag) => tag.trim() || []) : [];
    if (answer && tags.length > 0) {
      await this.#change(ids, { action: answer.choice === 'untag' ? 'untag' : 'tag', tags });
      this.#browse.refreshTags();
    }
  }

  /** @param {string[]} ids */
  async #describe(ids) {
    const [first] = this.#grid.images.filter(({ id }) => id === ids[0]);
    const isOne = ids.length === 1;
    const answer = await ask({
      title: `Describe ${countPhotos(ids.length)}`,
      words: isOne ? '' : 'The same words for all of them, in place of those that they have.',
      field: { label: 'Description', value: isOne ? first?.description : '', lines: true, mayBeEmpty: isOne },
      choices: [{ value: 'save', text: 'Save', kind: 'primary' }],
    });
    if (answer) {
      await this.#change(ids, { action: 'describe', description: answer.text });
    }
  }

  /**
   * @param {string[]} ids
   * @param {BatchAction} action
   */
  async #change(ids, action) {
    await this.#busy(async () => {
      const results = await doToMany(ids, action);
      const failed = results.filter(({ problem }) => problem);
      for (const { image } of results) {
        if (image) {
          this.#grid.update(image);
        }
      }
      this.#grid.picks.drop(failed.flatMap(({ id, status }) => (status === 404 ? id : [])));
      if (failed.length > 0) {
        const [reason] = failed.map(({ problem }) => problem?.detail ?? '');
        this.#toast.show({ text: `${countPhotos(failed.length)} not changed. ${reason}`, kind: 'bad' });
      } else {
        this.#toast.show({ text: `${countPhotos(results.length)} changed` });
      }
    });
  }

  /**
   * A link that the browser follows by itself: the bytes never come into this page.
   *
   * @param {string[]} ids
   */
  async #download(ids) {
    if (ids.length > MOST_IN_ZIP) {
      const text = `A zip holds at most ${countPhotos(MOST_IN_ZIP)}: select fewer.`;
      this.#toast.show({ text, kind: 'bad' });
      return;
    }
    const link = document.createElement('a');
    link.href = await orderArchive(ids);
    link.download = '';
    link.click();
    this.#toast.show({ text: `Downloading ${countPhotos(ids.length)}` });
  }

  /** @param {() => Promise<void>} work */
  async #busy(work) {
    this.#bar.toggleAttribute('busy', true);
    try {
      await work();
    } catch (error) {
      this.#toast.show({ text: reasonOf(error), kind: 'bad' });
    } finally {
      this.#bar.toggleAttribute('busy', false);
    }
  }
}
