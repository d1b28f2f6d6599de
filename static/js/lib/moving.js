/** @import { Upload } from '../types.js' */

/** @type {ReadonlySet<Upload['state']>} */
const MOVING = new Set(['waiting', 'hashing', 'uploading', 'processing', 'paused']);

/**
 * Whether an upload is on its way, or will be by itself.
 *
 * @param {Upload} upload
 */
export function isMoving({ state }) {
  return MOVING.has(state);
}
