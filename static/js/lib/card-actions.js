/** @import { Entry } from './shelf.js' */

import { announce, hasModifier } from './dom.js';

/**
 * @typedef {object} Cards
 * @property {AbortSignal} signal
 * @property {(target: EventTarget | null) => Entry | null} entryAt  whose card that is, or is part of
 * @property {(entry: Entry, key: string) => boolean} go  from an entry to where a key leads; false for nowhere
 */

/**
 * What people do with the cards of a grid, by pointer and keyboard: open, delete, go from one to the next.
 *
 * @param {HTMLElement} grid  says `image-open` and `image-delete`
 * @param {Cards} cards
 */
export function listenToCards(grid, { signal, entryAt, go }) {
  grid.addEventListener('click', (event) => onClick(grid, event, entryAt(event.target)), { signal });
  grid.addEventListener(
    'keydown',
    (event) => {
      const entry = entryAt(event.target);
      if (entry && !hasModifier(event) && (deletes(grid, event, entry) || go(entry, event.key))) {
        event.preventDefault();
      }
    },
    { signal },
  );
}

/**
 * @param {HTMLElement} grid
 * @param {MouseEvent} event
 * @param {Entry | null} entry
 */
function onClick(grid, event, entry) {
  const id = entry?.image?.id;
  if (!id || !(event.target instanceof Element) || hasModifier(event)) {
    return;
  }
  if (event.target.closest('.image-card__delete')) {
    announce(grid, 'image-delete', { id });
  } else if (event.target.closest('.image-card__link')) {
    event.preventDefault();
    announce(grid, 'image-open', { id });
  }
}

/**
 * @param {HTMLElement} grid
 * @param {KeyboardEvent} event
 * @param {Entry} entry
 */
function deletes(grid, { key }, { image }) {
  if (key !== 'Delete' || !image || !grid.querySelector('.image-card__delete')) {
    return false;
  }
  announce(grid, 'image-delete', { id: image.id });
  return true;
}
