/** @import { ViewerAction } from '../types.js' */

/** @type {Record<string, ViewerAction>} */
const ACTIONS = {
  ArrowLeft: 'previous',
  ArrowRight: 'next',
  Home: 'first',
  End: 'last',
  Escape: 'close',
  z: 'zoom',
  i: 'panel',
  e: 'edit',
  Delete: 'delete',
};

/** @type {Record<string, ViewerAction>} */
const SHIFTED = { d: 'download' };

/**
 * What a key means to the viewer while nobody types; null leaves it to the browser.
 *
 * @param {Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'altKey' | 'metaKey' | 'shiftKey'>} event
 * @returns {ViewerAction | null}
 */
export function actionOf({ key, ctrlKey, altKey, metaKey, shiftKey }) {
  if (ctrlKey || altKey || metaKey) {
    return null;
  }
  const name = key.length === 1 ? key.toLowerCase() : key;
  return (shiftKey ? SHIFTED : ACTIONS)[name] ?? null;
}
