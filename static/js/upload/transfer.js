/** @import { Arrival, Send, Task } from '../types.js' */

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
 * `fetch` tells no progress while it sends, so there is none here: only small files go this way.
 *
 * @param {Post} post
 * @returns {Send}
 */
export function transferWith(post) {
  return async ({ key, file, facts, signal }) => {
    try {
      return await within(file.size, signal, (stoppable) => post({ key, file, facts, signal: stoppable }));
    } catch (error) {
      return setbackOf(error, file);
    }
  };
}
