/** @import { StatusGroup, StatusLine } from '../types.js' */
/** @import { Direct } from '../upload/direct.js' */

import { findStatus, reasonOf } from '../api.js';
import { find, fromTemplate } from '../lib/dom.js';
import { describeStatus } from '../lib/status.js';

/** How often it is asked again while images move and somebody looks on. */
const AGAIN_MS = 3000;

/**
 * Opens the panel that says how the gallery is, asked anew each time.
 *
 * @param {Direct} direct
 */
export function listenToStatus(direct) {
  const panel = find(document, '.status-panel', HTMLDialogElement);
  /** @type {number | undefined} */
  let alarm;
  const ask = async () => {
    try {
      const status = await findStatus();
      const sending = { store: direct.store, lostUntil_ms: direct.lostUntil_ms };
      show(panel, describeStatus(status, { now: new Date(), sending }));
      if (panel.open && status.migration?.state === 'running') {
        alarm = window.setTimeout(ask, AGAIN_MS);
      }
    } catch (error) {
      say(panel, reasonOf(error));
    }
  };
  find(document, '[data-action="show-status"]', HTMLElement).addEventListener('click', () => {
    find(document, '.menu', HTMLElement).hidePopover();
    say(panel, 'Asking the gallery');
    panel.showModal();
    void ask();
  });
  panel.addEventListener('close', () => clearTimeout(alarm));
}

/**
 * @param {HTMLDialogElement} panel
 * @param {string} words
 */
function say(panel, words) {
  const place = find(panel, '.status-panel__words', HTMLElement);
  place.textContent = words;
  place.hidden = false;
  find(panel, '.status-panel__groups', HTMLElement).replaceChildren();
}

/**
 * @param {HTMLDialogElement} panel
 * @param {StatusGroup[]} groups
 */
function show(panel, groups) {
  find(panel, '.status-panel__words', HTMLElement).hidden = true;
  find(panel, '.status-panel__groups', HTMLElement).replaceChildren(...groups.map(drawGroup));
}

/** @param {StatusGroup} group */
function drawGroup({ title, lines }) {
  const group = fromTemplate('status-group', HTMLElement);
  const heading = find(group, '.status-panel__store', HTMLElement);
  heading.textContent = title;
  heading.hidden = !title;
  find(group, 'dl', HTMLElement).append(...lines.map(drawLine));
  return group;
}

/** @param {StatusLine} line */
function drawLine({ name, words, isBad, share }) {
  const drawn = fromTemplate('status-line', HTMLElement);
  find(drawn, 'dt', HTMLElement).textContent = name;
  const said = find(drawn, '.status-panel__said', HTMLElement);
  said.textContent = words;
  said.dataset.state = isBad ? 'bad' : 'good';
  const bar = find(drawn, 'progress', HTMLProgressElement);
  bar.hidden = share === null;
  bar.value = share ?? 0;
  return drawn;
}
