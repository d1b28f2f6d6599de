/** What a slow line still manages, and what the server may take to look at a picture. */
const SLOWEST_BYTES_PER_S = 16_000;
const SERVER_TIME_S = 60;

/** How often it is looked at the clock. */
const TICK_MS = 5000;

/** It has taken too long, and was stopped. */
export class StalledError extends Error {
  constructor() {
    super('It took too long.');
    this.name = 'StalledError';
  }
}

/**
 * Does what sends so many bytes, and ends it with a StalledError when that takes far too long.
 *
 * Time that jumps is not counted: the computer slept, or the browser let a hidden page rest.
 *
 * @template T
 * @param {number} bytes
 * @param {AbortSignal} signal
 * @param {(signal: AbortSignal) => Promise<T>} act
 * @returns {Promise<T>}
 */
export async function within(bytes, signal, act) {
  const stall = new AbortController();
  let left_ms = (SERVER_TIME_S + bytes / SLOWEST_BYTES_PER_S) * 1000;
  let last_ms = Date.now();
  const watch = setInterval(() => {
    const now_ms = Date.now();
    left_ms -= Math.min(now_ms - last_ms, 2 * TICK_MS);
    last_ms = now_ms;
    if (left_ms <= 0) {
      stall.abort(new StalledError());
    }
  }, TICK_MS);
  const cancel = () => stall.abort(signal.reason);
  signal.addEventListener('abort', cancel);
  try {
    signal.throwIfAborted();
    return await act(stall.signal);
  } catch (error) {
    throw stall.signal.reason instanceof StalledError ? stall.signal.reason : error;
  } finally {
    clearInterval(watch);
    signal.removeEventListener('abort', cancel);
  }
}
