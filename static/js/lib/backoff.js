/** Waits before the first, second, … new try. After the last of them, no more tries. */
const RETRY_DELAYS_MS = [0, 1000, 3000, 5000, 10_000];

/** Waits before opening a lost stream again; the last one is kept for good. */
const STREAM_DELAYS_MS = [1000, 2000, 5000, 10_000, 30_000];

/**
 * How long to wait before trying again, or null when it has been tried often enough. Never earlier than the server
 * asked for; up to a quarter later, so that many pages do not come back in the same moment.
 *
 * @param {number} tries  new tries so far
 * @param {{ retry_after_s?: number, isLasting?: boolean, random?: () => number }} [options]  lasting: never give up
 * @returns {number | null} milliseconds
 */
export function retryDelay(tries, { retry_after_s = 0, isLasting = false, random = Math.random } = {}) {
  const delay_ms = RETRY_DELAYS_MS[tries] ?? (isLasting ? RETRY_DELAYS_MS.at(-1) : undefined);
  return delay_ms === undefined ? null : spread(Math.max(delay_ms, retry_after_s * 1000), random);
}

/**
 * How long to wait before opening a stream again, however often it failed.
 *
 * @param {number} failures  in a row
 * @param {{ random?: () => number }} [options]
 * @returns {number} milliseconds
 */
export function streamDelay(failures, { random = Math.random } = {}) {
  const last = STREAM_DELAYS_MS.length - 1;
  return spread(STREAM_DELAYS_MS[Math.min(failures, last)] ?? 0, random);
}

/**
 * @param {number} delay_ms
 * @param {() => number} random
 */
function spread(delay_ms, random) {
  return Math.round(delay_ms * (1 + random() / 4));
}
