/** @import { Send } from '../types.js' */

/** What is larger goes in slices: one that breaks off costs less than the requests around it. */
const SMALL_BYTES = 4 * 1024 ** 2;

/**
 * Sends a small file at once, a larger one in slices.
 *
 * @param {{ whole: Send, slices: Send }} roads
 * @returns {Send}
 */
export function sendWith({ whole, slices }) {
  return (task) => (task.facts.ticket === null && task.file.size <= SMALL_BYTES ? whole(task) : slices(task));
}
