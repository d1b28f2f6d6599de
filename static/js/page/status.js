/** @import { Status } from '../types.js' */

import { findStatus, reasonOf } from '../api.js';
import { find } from '../lib/dom.js';
import { describeStatus } from '../lib/status.js';

/** Opens the panel that says how the gallery is, asked anew each time. */
export function listenToStatus() {
  const panel = find(document, '.status-panel', HTMLDialogElement);
  find(document, '[data-action="show-status"]', HTMLElement).addEventListener('click', async () => {
    find(document, '.menu', HTMLElement).hidePopover();
    say(panel, 'Asking the gallery');
    panel.showModal();
    try {
      show(panel, await findStatus());
    } catch (error) {
      say(panel, reasonOf(error));
    }
  });
}

/**
 * @param {HTMLDialogElement} panel
 * @param {string} words
 */
function say(panel, words) {
  const line = find(panel, '.status-panel__words', HTMLElement);
  line.textContent = words;
  line.hidden = false;
  find(panel, '.status-panel__list', HTMLElement).hidden = true;
}

/**
 * @param {HTMLDialogElement} panel
 * @param {Status} status
 */
function show(panel, status) {
  const { words, bad } = describeStatus(status, new Date());
  for (const [name, text] of Object.entries(words)) {
    const place = find(panel, `[data-status="${name}"]`, HTMLElement);
    place.textContent = text;
    place.dataset.state = bad.includes(name) ? 'bad' : 'good';
  }
  find(panel, '.status-panel__words', HTMLElement).hidden = true;
  find(panel, '.status-panel__list', HTMLElement).hidden = false;
}
