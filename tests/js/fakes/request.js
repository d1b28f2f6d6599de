/** An XMLHttpRequest that a test plays the other host of. */
export class FakeRequest extends EventTarget {
  upload = new EventTarget();
  status = 0;
  method = '';
  url = '';
  /** @type {Record<string, string>} */
  headers = {};
  /** @type {FormData | undefined} */
  body;
  withCredentials = false;

  /**
   * @param {string} method
   * @param {string} url
   */
  open(method, url) {
    this.method = method;
    this.url = url;
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  setRequestHeader(name, value) {
    this.headers[name] = value;
  }

  /** @param {FormData} body */
  send(body) {
    this.body = body;
  }

  abort() {
    this.#end('abort');
  }

  /** @param {number} loaded  bytes of the whole body */
  progress(loaded) {
    this.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded }));
  }

  /** @param {number} status */
  answer(status) {
    this.status = status;
    this.#end('load');
  }

  breakOff() {
    this.#end('error');
  }

  /** @param {string} how */
  #end(how) {
    this.dispatchEvent(new Event(how));
    this.dispatchEvent(new Event('loadend'));
  }
}
