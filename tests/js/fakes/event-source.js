/** An EventSource that a test plays the server of. */
export class FakeEventSource extends EventTarget {
  CONNECTING = /** @type {const} */ (0);
  OPEN = /** @type {const} */ (1);
  CLOSED = /** @type {const} */ (2);
  /** @type {number} */
  readyState = 0;
  withCredentials = false;
  onopen = null;
  onerror = null;
  onmessage = null;

  /** @param {string} url */
  constructor(url) {
    super();
    this.url = url;
  }

  close() {
    this.readyState = 2;
  }

  /** The server has answered 200. */
  begin() {
    this.readyState = 1;
    this.dispatchEvent(new Event('open'));
  }

  /** The connection broke; the browser tries again by itself. */
  breakOff() {
    this.readyState = 0;
    this.dispatchEvent(new Event('error'));
  }

  /** The server answered with an error; the browser has given up. */
  refuse() {
    this.readyState = 2;
    this.dispatchEvent(new Event('error'));
  }

  /**
   * @param {string} name
   * @param {object} data
   * @param {string} [lastEventId]
   */
  say(name, data, lastEventId = '') {
    this.dispatchEvent(new MessageEvent(name, { data: JSON.stringify(data), lastEventId }));
  }
}
