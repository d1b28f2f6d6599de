import { announce, find, fromTemplate, hasModifier } from '../lib/dom.js';
import { addressOf } from '../lib/filter.js';

/**
 * The tags in use, as links in one line; several can be chosen. Says `tags-changed`.
 */
export class TagChips extends HTMLElement {
  #listening = new AbortController();

  connectedCallback() {
    this.#listening = new AbortController();
    this.addEventListener('click', (event) => this.#onClick(event), { signal: this.#listening.signal });
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  /** The tags offered, most used first. */
  get tags() {
    return this.#chips.flatMap(({ dataset }) => dataset.tag || []);
  }

  /**
   * Offers these tags, with those of the filter chosen.
   *
   * @param {readonly string[]} tags
   * @param {import('../types.js').Filter} filter
   */
  show(tags, filter) {
    const offered = [...new Set([...tags, ...filter.tags])];
    const known = new Map(this.#chips.map((chip) => [chip.dataset.tag, chip]));
    const chips = ['', ...offered].map((tag) => known.get(tag) ?? makeChip(tag));
    for (const chip of chips) {
      this.#point(chip, filter);
    }
    this.#list.hidden = offered.length === 0;
    if (chips.some((chip, at) => chip !== this.#list.children[at]) || chips.length !== this.#list.children.length) {
      const focused = chips.find((chip) => chip === document.activeElement);
      this.#list.replaceChildren(...chips);
      focused?.focus();
    }
  }

  get #list() {
    return find(this, '.tag-chips__list', HTMLElement);
  }

  get #chips() {
    return [...this.#list.children].filter((chip) => chip instanceof HTMLAnchorElement);
  }

  /**
   * @param {HTMLAnchorElement} chip
   * @param {import('../types.js').Filter} filter
   */
  #point(chip, { q, tags }) {
    const tag = chip.dataset.tag ?? '';
    chip.href = addressOf({ q, tags: toggled(tags, tag) });
    if (tag ? tags.includes(tag) : tags.length === 0) {
      chip.setAttribute('aria-current', 'true');
    } else {
      chip.removeAttribute('aria-current');
    }
  }

  /** @param {MouseEvent} event */
  #onClick(event) {
    const chip = event.target instanceof Element ? event.target.closest('a') : null;
    if (!chip || hasModifier(event)) {
      return;
    }
    event.preventDefault();
    announce(this, 'tags-changed', { tags: new URL(chip.href).searchParams.getAll('tag') });
  }
}

/** @param {string} tag */
function makeChip(tag) {
  const chip = fromTemplate('chip', HTMLAnchorElement);
  chip.dataset.tag = tag;
  chip.textContent = tag || 'All';
  return chip;
}

/**
 * @param {readonly string[]} tags
 * @param {string} tag  empty for none at all
 */
function toggled(tags, tag) {
  if (!tag) {
    return [];
  }
  return tags.includes(tag) ? tags.filter((each) => each !== tag) : [...tags, tag];
}

customElements.define('tag-chips', TagChips);
