const KIB = 1024;
const SMALLEST_BYTES = 256 * KIB;
const LARGEST_BYTES = 16 * 1024 * KIB;

/** A request is as large as the line carries in so long: a broken one costs no more, and nobody waits longer for news. */
const REQUEST_MS = 2000;

/** The line to the gallery, as all files that went over it so far found it. */
export class Line {
  #request_bytes = SMALLEST_BYTES;

  /** What the next request may carry. */
  get request_bytes() {
    return this.#request_bytes;
  }

  /**
   * A request was answered. A quick one says that the line carries at least so much: the next may be twice as large.
   *
   * @param {number} bytes
   * @param {number} took_ms
   */
  learn(bytes, took_ms) {
    const fitting = bytes * Math.min(2, REQUEST_MS / Math.max(1, took_ms));
    const next = took_ms < REQUEST_MS ? Math.max(this.#request_bytes, fitting) : Math.min(this.#request_bytes, fitting);
    this.#request_bytes = Math.round(Math.min(LARGEST_BYTES, Math.max(SMALLEST_BYTES, next)));
  }
}
