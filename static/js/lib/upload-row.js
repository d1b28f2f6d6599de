/** @import { Choice, ImageJson, Upload } from '../types.js' */

import { find, fromTemplate } from './dom.js';
import { formatBytes } from './format.js';
import { isMoving } from './moving.js';

/** How the buttons of a choice are named for a file. @type {Record<Choice, (name: string) => string>} */
const CHOICES = {
  skip: (name) => `Skip ${name}`,
  replace: (name) => `Replace the photo here with ${name}`,
  keep: (name) => `Keep both, add ${name}`,
};

/**
 * A file's line in the tray.
 *
 * @param {Upload} upload
 */
export function makeRow({ key, name, previewUrl }) {
  const row = fromTemplate('upload-row', HTMLElement);
  row.dataset.key = key;
  find(row, '.upload-row__name', HTMLElement).textContent = name;
  const picture = find(row, '.upload-row__frame > img', HTMLImageElement);
  picture.addEventListener('error', () => picture.remove(), { once: true });
  picture.src = previewUrl;
  return row;
}

/**
 * Says how it is about the file, and offers what can be done.
 *
 * @param {HTMLElement} row
 * @param {Upload} upload
 */
export function drawRow(row, upload) {
  const { name, state, retryable } = upload;
  row.dataset.state = state;
  row.dataset.keeping = upload.keeping;
  find(row, '.upload-row__line', HTMLElement).textContent = lineOf(upload);
  label(row, 'show', `Show ${name}`, state === 'duplicate');
  label(row, 'describe', `Describe ${name}`, isMoving(upload) || state === 'similar');
  label(row, 'retry', `Try ${name} again`, state === 'failed' && retryable);
  label(row, 'cancel', isMoving(upload) ? `Cancel ${name}` : `Take ${name} off the list`, state !== 'similar');
  const [other] = upload.similar;
  const choices = row.querySelector('.upload-row__choices');
  if (!other && choices) {
    const hadFocus = choices.contains(document.activeElement);
    choices.remove();
    if (hadFocus) {
      find(row, '[data-action="cancel"]', HTMLButtonElement).focus();
    }
  } else if (other && !choices) {
    row.append(makeChoices(name, other));
  }
}

/**
 * @param {string} name
 * @param {ImageJson} other  that the file looks like
 */
function makeChoices(name, other) {
  const choices = fromTemplate('upload-choices', HTMLElement);
  const link = find(choices, 'a', HTMLAnchorElement);
  link.href = other.page;
  const picture = find(link, 'img', HTMLImageElement);
  picture.alt = `The photo here that ${name} looks like`;
  picture.src = other.variants.card.url;
  for (const button of choices.querySelectorAll('button')) {
    const choice = /** @type {Choice} */ (button.dataset.choice);
    button.setAttribute('aria-label', CHOICES[choice](name));
  }
  return choices;
}

/** @param {Upload} upload */
function lineOf(upload) {
  const words = wordsOf(upload);
  return upload.keeping === 'full' && isMoving(upload) ? `${words} · keep this page open` : words;
}

/** @param {Upload} upload */
function wordsOf({ state, bytes, sent, reason, similar }) {
  const size = formatBytes(bytes);
  switch (state) {
    case 'waiting':
      return reason || `Waiting, ${size}`;
    case 'hashing':
      return `Checking ${size}`;
    case 'uploading':
      return sent > 0 ? `${Math.floor((100 * sent) / bytes)} % of ${size}` : `Sending ${size}`;
    case 'processing':
      return `${size} sent, being looked at`;
    case 'similar':
      return `Looks like ${similar[0]?.description || 'one that is here'}`;
    case 'duplicate':
      return 'Already here, shown in the gallery';
    default:
      return reason;
  }
}

/**
 * @param {HTMLElement} row
 * @param {string} action
 * @param {string} name
 * @param {boolean} shown
 */
function label(row, action, name, shown) {
  const button = find(row, `[data-action="${action}"]`, HTMLButtonElement);
  button.setAttribute('aria-label', name);
  button.hidden = !shown;
}
