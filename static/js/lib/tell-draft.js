/** @import { Draft } from './edits.js' */

import { find } from './dom.js';

/**
 * Says beside a field how far its change got: sets `data-state`, the line, and the buttons that then make sense.
 *
 * @param {HTMLElement} field
 * @param {Readonly<Draft> | undefined} draft
 * @param {{ isSaved: boolean }} options
 */
export function tellDraft(field, draft, { isSaved }) {
  const state = draft?.state ?? (isSaved ? 'saved' : '');
  field.dataset.state = state;
  const line = find(field, '[role="status"]', HTMLElement);
  const words = wordsFor(draft, isSaved);
  if (line.textContent !== words) {
    line.textContent = words; // the same words again would be read out again
  }
  for (const button of field.querySelectorAll('button[data-choice]')) {
    if (button instanceof HTMLButtonElement) {
      button.hidden = !button.dataset.when?.split(' ').includes(state);
    }
  }
}

/**
 * @param {Readonly<Draft> | undefined} draft
 * @param {boolean} isSaved
 */
function wordsFor(draft, isSaved) {
  switch (draft?.state) {
    case undefined:
      return isSaved ? 'Saved' : '';
    case 'failed':
      return `Not saved. ${draft.reason}`;
    case 'clash':
      return draft.base.length === 0
        ? 'Somebody emptied this in the meantime.'
        : `Somebody changed this in the meantime. It now says: “${draft.base}”`;
    default:
      return 'Saving…';
  }
}
