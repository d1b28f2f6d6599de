/** @import { Send } from '../types.js' */
/** @import { Direct } from './direct.js' */
/** @import { Line } from './line.js' */

/** What is larger goes in slices: one that breaks off costs less than the requests around it. */
const SMALL_BYTES = 4 * 1024 ** 2;

/**
 * Sends what is small, and soon over on this line, at once; anything else by a ticket, and so any file while it goes
 * straight to a store. What was begun at once stays so: under the same key a new try is the same upload.
 *
 * @param {{ whole: Send, ticketed: Send, direct: Direct, line: Line }} roads
 * @returns {Send}
 */
export function sendWith({ whole, ticketed, direct, line }) {
  return (task) => {
    const { facts, file, tell } = task;
    const isSmall = file.size <= Math.min(SMALL_BYTES, line.request_bytes);
    if (facts.isWhole || (facts.ticket === null && isSmall && !direct.isOn)) {
      tell({ facts: { isWhole: true } });
      return whole(task);
    }
    return ticketed(task);
  };
}
