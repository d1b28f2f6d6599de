/** @import { Send } from '../types.js' */
/** @import { Direct } from './direct.js' */

/** What is larger goes in slices: one that breaks off costs less than the requests around it. */
const SMALL_BYTES = 4 * 1024 ** 2;

/**
 * Sends a small file at once, a larger one by a ticket; any file by a ticket while it goes straight to a store.
 *
 * @param {{ whole: Send, ticketed: Send, direct: Direct }} roads
 * @returns {Send}
 */
export function sendWith({ whole, ticketed, direct }) {
  return (task) => {
    const isWhole = task.facts.ticket === null && task.file.size <= SMALL_BYTES && !direct.isOn;
    return isWhole ? whole(task) : ticketed(task);
  };
}
