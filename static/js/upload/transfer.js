/** @import { Arrival, Send, Task } from '../types.js' */
/** @import { Line } from './line.js' */

import { setbackOf } from './setback.js';
import { within } from './stall.js';

/**
 * One request that carries a file. Rejects with an ApiError, or with what `fetch` rejects with.
 *
 * @callback Post
 * @param {Pick<Task, 'key' | 'file' | 'facts' | 'signal'>} task
 * @returns {Promise<Arrival>}
 */

/**
 * Sends one file in one request, and says in people's words what became of it.
 *
 * `fetch` tells no progress while it sends, so there is none here: only what is soon over goes this way.
 *
 * @param {Line} line
 * @param {Post} post
 * @returns {Send}
 */
export function transferWith(line, post) {
  return async ({ key, file, facts, signal }) => {
    const started_ms = Date.now();
    try {
      const arrival = await within(file.size, signal, (stoppable) => post({ key, file, facts, signal: stoppable }));
      line.learn(file.size, Date.now() - started_ms);
      return arrival;
    } catch (error) {
      return setbackOf(error, file);
    }
  };
}
