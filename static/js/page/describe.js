/** @import { ImageGrid } from '../components/image-grid.js' */
/** @import { Filter } from '../types.js' */

import { reasonOf, UnreachableError } from '../api.js';
import { find } from '../lib/dom.js';
import { isEverything } from '../lib/filter.js';
import { countPhotos } from '../lib/format.js';

/**
 * Says how many images were found, or shows the calm page that tells why there are none.
 *
 * @param {ImageGrid} grid
 * @param {{ filter: Filter, trouble: unknown }} situation  trouble: the error instead of a list, else null
 */
export function describe(grid, { filter, trouble }) {
  const state = stateOf(grid, { filter, trouble });
  for (const page of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll('.calm'))) {
    page.hidden = page.dataset.state !== state;
  }
  if (trouble) {
    explain(trouble);
  }
  grid.hidden = state !== 'photos';
  const { total, capped } = grid.counts;
  tellFound(trouble || isEverything(filter) ? '' : `${countPhotos(total, { capped })} found`, state === 'photos');
}

/**
 * Says it beside the first month.
 *
 * @param {string} words  may be empty
 * @param {boolean} [isSeen]  false: for the ears only
 */
export function tellFound(words, isSeen = true) {
  const found = find(document, '.gallery__found', HTMLElement);
  found.textContent = words;
  found.hidden = words === '';
  found.classList.toggle('visually-hidden', !isSeen);
}

/**
 * @param {ImageGrid} grid
 * @param {{ filter: Filter, trouble: unknown }} situation
 */
function stateOf(grid, { filter, trouble }) {
  if (trouble) {
    return 'trouble';
  }
  if (!grid.isEmpty) {
    return 'photos';
  }
  return isEverything(filter) ? 'empty' : 'nothing-found';
}

/** @param {unknown} trouble */
function explain(trouble) {
  const page = find(document, '.calm[data-state="trouble"]', HTMLElement);
  const isAway = trouble instanceof UnreachableError;
  find(page, '.calm__title', HTMLElement).textContent = isAway
    ? 'The gallery does not answer'
    : 'The photos cannot be shown now';
  find(page, '.calm__words', HTMLElement).textContent = isAway
    ? 'Nothing is lost. It is tried again as soon as it can be reached.'
    : reasonOf(trouble);
}
