/** @import { ImagePanel } from './image-panel.js' */
/** @import { ViewerAction, ViewerList } from '../types.js' */

import { announce, find, hear, isTyping } from '../lib/dom.js';
import { recall, remember } from '../lib/memory.js';
import { keepFocus, keepStill, setAside } from '../lib/modal.js';
import { altOf, countOf } from '../lib/slides.js';
import { actionOf } from '../lib/viewer-keys.js';

/** What the browser remembers: `open` or `closed`. */
const PANEL = 'vitrine.viewer-panel';

/** Before anything is remembered, the panel stands open where it leaves the image enough room. */
const ROOMY = '(min-width: 1000px)';

/**
 * What stands around the image: the dialog, its bar, arrows and panel. Buttons and keys alike become `viewer-action`;
 * those of the panel it carries out itself.
 */
export class ViewerFrame extends HTMLElement {
  /** @type {AbortController | null} while in the page */
  #attached = null;
  /** @type {AbortController | null} while open */
  #listening = null;
  #putBack = () => {};

  connectedCallback() {
    this.#attached = new AbortController();
    const { signal } = this.#attached;
    hear(this, 'stage-loading', ({ isLoading }) => this.#dialog.toggleAttribute('data-loading', isLoading), { signal });
    hear(this, 'stage-tapped', () => this.#dialog.classList.toggle('viewer--bare'), { signal });
    hear(this, 'stage-left', () => this.isOpen || this.#dialog.close(), { signal });
    this.#showPanel((recall(PANEL) ?? (matchMedia(ROOMY).matches ? 'open' : 'closed')) === 'open');
  }

  disconnectedCallback() {
    this.#attached?.abort();
    this.release();
  }

  get isOpen() {
    return this.#listening !== null;
  }

  /** Opens the dialog over the page. */
  show() {
    this.release();
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    document.addEventListener('keydown', (event) => this.#key(event), { signal });
    this.#dialog.addEventListener('click', (event) => this.#click(event), { signal });
    this.#dialog.addEventListener('wheel', keepStill, { signal, passive: false });
    this.#dialog.classList.remove('viewer--leaving', 'viewer--bare');
    delete find(this, '.viewer__said', HTMLElement).dataset.id;
    this.#dialog.show();
    this.#putBack = setAside(this);
    this.#dialog.focus();
  }

  /** Gives the page back; the dialog fades, and is gone when the stage is. */
  release() {
    this.#listening?.abort();
    this.#listening = null;
    this.#putBack();
    this.#putBack = () => {};
    this.#dialog.classList.add('viewer--leaving');
  }

  /**
   * @param {number} index  of the image shown
   * @param {ViewerList} list
   */
  draw(index, list) {
    const image = list.images[index];
    if (!image) {
      return;
    }
    const count = countOf(index, list);
    find(this, '.viewer__count', HTMLElement).textContent = count;
    this.#say(`${count}, ${altOf(image)}`, image.id);
    this.#allow('previous', index > 0);
    this.#allow('next', index < list.images.length - 1);
    this.querySelector('[data-action="download"]')?.setAttribute('href', `/api/images/${image.id}/original`);
    this.panel.canWrite = list.canWrite && !image.purge_at;
    this.panel.show(image);
  }

  get #dialog() {
    return find(this, 'dialog', HTMLDialogElement);
  }

  get panel() {
    return /** @type {ImagePanel} */ (find(this, 'image-panel', HTMLElement));
  }

  /**
   * Another image is read out with its place; changes of the same one are not.
   *
   * @param {string} words
   * @param {string} id
   */
  #say(words, id) {
    const line = find(this, '.viewer__said', HTMLElement);
    if (line.dataset.id !== id) {
      line.dataset.id = id;
      line.textContent = words;
    }
  }

  /**
   * @param {'previous' | 'next'} action
   * @param {boolean} isAllowed
   */
  #allow(action, isAllowed) {
    const button = find(this, `[data-action="${action}"]`, HTMLButtonElement);
    if (!isAllowed && button === document.activeElement) {
      this.#dialog.focus(); // a disabled button would lose the focus to nowhere
    }
    button.disabled = !isAllowed;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const control = event.target instanceof Element ? event.target.closest('[data-action]') : null;
    if (control instanceof HTMLElement && control.dataset.action !== 'download') {
      this.#do(/** @type {ViewerAction} */ (control.dataset.action));
    }
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const { target } = event;
    const isOurs = target === document.body || (target instanceof Node && this.contains(target));
    if (event.defaultPrevented || !isOurs) {
      return;
    }
    if (event.key === 'Tab') {
      keepFocus(this.#dialog, event);
    } else if (!isTyping(target)) {
      this.#shortcut(event);
    }
  }

  /** @param {KeyboardEvent} event */
  #shortcut(event) {
    const action = actionOf(event);
    const isOnControl = event.target instanceof Element && event.target.matches('a, button');
    if (action) {
      event.preventDefault();
      this.#do(action);
    } else if (!isOnControl && [' ', 'PageUp', 'PageDown'].includes(event.key)) {
      event.preventDefault(); // they would scroll the page behind
    }
  }

  /** @param {ViewerAction} action */
  #do(action) {
    if (action === 'panel') {
      this.#togglePanel();
    } else if (action === 'edit') {
      this.#showPanel(true);
      this.panel.edit();
    } else if (action === 'download') {
      this.querySelector('a[data-action="download"]')?.dispatchEvent(new MouseEvent('click', { cancelable: true }));
    } else {
      announce(this, 'viewer-action', { action });
    }
  }

  #togglePanel() {
    const isOpen = this.panel.hasAttribute('hidden');
    this.#showPanel(isOpen);
    remember(PANEL, isOpen ? 'open' : 'closed');
  }

  /** @param {boolean} isOpen */
  #showPanel(isOpen) {
    this.panel.hidden = !isOpen;
    find(this, '[data-action="panel"]', HTMLElement).setAttribute('aria-expanded', String(isOpen));
  }
}

customElements.define('viewer-frame', ViewerFrame);
