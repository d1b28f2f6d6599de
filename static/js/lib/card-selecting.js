/** @import { SelectionAction } from '../types.js' */
/** @import { Entry } from './shelf.js' */

import { hasModifier, isTyping } from './dom.js';

/** A finger that rests so long selects. */
const PRESS_MS = 350;

/** A finger that moves further scrolls. */
const SLACK_PX = 10;

/**
 * What is done to all that is selected: the way to the bar may lead past a hundred photographs.
 *
 * @type {Record<string, SelectionAction>}
 */
const KEYS = { t: 'tag', e: 'describe', r: 'restore', D: 'download', Delete: 'delete' };

/**
 * @typedef {object} Selecting
 * @property {AbortSignal} signal
 * @property {(target: EventTarget | null) => Entry | null} entryAt  whose card that is, or is part of
 * @property {(entry: Entry, key: string) => Entry | null} go  leads the focus where a key does; null for nowhere
 * @property {() => boolean} isSelecting  something is selected
 * @property {(id: string) => void} toggle
 * @property {(id: string, from?: string) => void} extend  from the last one, else from `from`
 * @property {() => void} all
 * @property {() => void} clear
 * @property {(action: SelectionAction) => void} act  on all that is selected
 */

/**
 * How people select cards of a grid: the tick, x, Ctrl or Cmd and a click, Shift and a click or an arrow, a finger that
 * rests; Ctrl or Cmd and A for all, Esc for none. Once something is selected, a click selects the next one, and keys are
 * about all of them.
 *
 * @param {HTMLElement} grid
 * @param {Selecting} selecting
 */
export function listenToSelecting(grid, selecting) {
  const { signal } = selecting;
  const press = new Press(selecting);
  grid.addEventListener('pointerdown', (event) => press.begin(event), { signal });
  for (const name of ['pointermove', 'pointerup', 'pointercancel']) {
    grid.addEventListener(name, (event) => press.follow(/** @type {PointerEvent} */ (event)), { signal });
  }
  grid.addEventListener('contextmenu', (event) => press.isTouch && event.preventDefault(), { signal });
  // Before others hear of it: what selects does not open.
  grid.addEventListener('click', (event) => onClick(event, selecting, press), { signal, capture: true });
  grid.addEventListener('keydown', (event) => onKey(event, selecting), { signal });
  document.addEventListener('keydown', (event) => onPageKey(event, selecting), { signal });
}

/**
 * @param {MouseEvent} event
 * @param {Selecting} selecting
 * @param {Press} press
 */
function onClick(event, { entryAt, isSelecting, toggle, extend }, press) {
  const id = entryAt(event.target)?.image?.id;
  if (!id || !(event.target instanceof Element)) {
    return;
  }
  const isTick = event.target.matches('.image-card__tick input');
  if (!isTick && !event.target.closest('.image-card__link')) {
    return;
  }
  const wasPressed = press.end();
  const picks = event.ctrlKey || event.metaKey || (isSelecting() && event.detail > 0 && !event.altKey);
  if (!isTick) {
    if (!wasPressed && !picks && !event.shiftKey) {
      return;
    }
    event.preventDefault();
    event.stopPropagation();
  }
  if (event.shiftKey) {
    extend(id);
  } else if (!wasPressed) {
    toggle(id);
  }
}

/**
 * @param {KeyboardEvent} event
 * @param {Selecting} selecting
 */
function onKey(event, { entryAt, go, isSelecting, toggle, extend, act }) {
  const entry = entryAt(event.target);
  const id = entry?.image?.id;
  if (!entry || !id) {
    return;
  }
  if (event.key === 'x' && !hasModifier(event)) {
    event.preventDefault();
    toggle(id);
  } else if (event.key === 'Delete' && !hasModifier(event) && isSelecting()) {
    event.preventDefault();
    event.stopImmediatePropagation(); // it would delete this one
    act('delete');
  } else if (event.key.startsWith('Arrow') && event.shiftKey && !event.ctrlKey && !event.altKey && !event.metaKey) {
    event.preventDefault();
    const next = go(entry, event.key);
    if (next?.image) {
      extend(next.image.id, id);
    }
  }
}

/**
 * @param {KeyboardEvent} event
 * @param {Selecting} selecting
 */
function onPageKey(event, { isSelecting, all, clear, act }) {
  if (event.defaultPrevented || isTyping(event.target) || document.querySelector('dialog[open], :popover-open')) {
    return;
  }
  const isAll = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === 'a';
  if (isAll) {
    event.preventDefault();
    all();
  } else if (isSelecting() && !event.ctrlKey && !event.metaKey && !event.altKey) {
    const action = KEYS[event.key];
    if (action || event.key === 'Escape') {
      event.preventDefault();
      (action ? () => act(action) : clear)();
    }
  }
}

/** A finger on a card: rests, and selects it; or moves, and scrolls. */
class Press {
  isTouch = false;
  #selecting;
  #isDone = false;
  #at = { x: 0, y: 0 };
  /** @type {number | undefined} */
  #alarm;

  /** @param {Selecting} selecting */
  constructor(selecting) {
    this.#selecting = selecting;
    selecting.signal.addEventListener('abort', () => clearTimeout(this.#alarm));
  }

  /** @param {PointerEvent} event */
  begin(event) {
    clearTimeout(this.#alarm);
    this.#isDone = false;
    this.isTouch = event.pointerType === 'touch';
    const id = this.#selecting.entryAt(event.target)?.image?.id;
    if (this.isTouch && event.isPrimary && id) {
      this.#at = { x: event.clientX, y: event.clientY };
      this.#alarm = window.setTimeout(() => {
        this.#isDone = true;
        this.#selecting.toggle(id);
      }, PRESS_MS);
    }
  }

  /** @param {PointerEvent} event  of a finger that moves or is gone */
  follow({ type, clientX, clientY }) {
    if (type !== 'pointermove' || Math.hypot(clientX - this.#at.x, clientY - this.#at.y) > SLACK_PX) {
      clearTimeout(this.#alarm);
    }
  }

  /** Says, once, whether the click that comes now belongs to a press that has selected already. */
  end() {
    const isDone = this.#isDone;
    this.#isDone = false;
    return isDone;
  }
}
