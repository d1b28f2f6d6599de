/** @import { DropZone } from '../components/drop-zone.js' */
/** @import { SearchBox } from '../components/search-box.js' */

import { find, isTyping } from '../lib/dom.js';

/**
 * The keys of the page, and the sheet that lists them. They keep quiet while somebody types, while a dialog is open,
 * and with Ctrl, Alt or Meta, which belong to the browser.
 *
 * @param {{ search: SearchBox, dropZone: DropZone | null }} parts  no drop zone where nothing may be added
 */
export function listenToKeys({ search, dropZone }) {
  const sheet = find(document, '.keys', HTMLDialogElement);
  /** @type {Record<string, (() => void) | undefined>} */
  const keys = {
    '/': () => search.enter(),
    u: dropZone ? () => dropZone.choose() : undefined,
    '?': () => sheet.showModal(),
  };
  document.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (!act || event.ctrlKey || event.altKey || event.metaKey) {
      return;
    }
    if (!isTyping(event.target) && !document.querySelector('dialog[open]')) {
      event.preventDefault();
      act();
    }
  });
  find(document, '[data-action="show-keys"]', HTMLElement).addEventListener('click', () => {
    find(document, '.menu', HTMLElement).hidePopover();
    sheet.showModal();
  });
}
