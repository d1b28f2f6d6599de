/**
 * What came back for a form: status 0 when nothing did.
 *
 * @typedef {{ status: number }} Answer
 */

/**
 * @typedef {object} Posting
 * @property {Record<string, string>} fields  in their order, all before the file
 * @property {string} file_field
 * @property {Blob} file
 * @property {string} name  what the file is called there
 * @property {Record<string, string>} headers
 * @property {AbortSignal} signal
 * @property {(bytes: number) => void} onProgress  how much of the file has left the browser
 */

/**
 * Sends a form with a file to another host. Rejects when `signal` aborts, and with nothing else: a host that is down, a
 * line that broke and an answer that we may not read look alike.
 *
 * Not by `fetch`, which does not tell how far it is.
 *
 * @param {string} url
 * @param {Posting} posting
 * @param {() => XMLHttpRequest} [open]
 * @returns {Promise<Answer>}
 */
export function postForm(url, { fields, file_field, file, name, headers, signal, onProgress }, open = openRequest) {
  const body = new FormData();
  for (const [field, value] of Object.entries(fields)) {
    body.append(field, value);
  }
  body.append(file_field, file, name);
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const request = open();
    const stop = () => request.abort();
    request.upload.addEventListener('progress', ({ loaded }) => onProgress(Math.min(loaded, file.size)));
    request.addEventListener('load', () => resolve({ status: request.status }));
    request.addEventListener('error', () => resolve({ status: 0 }));
    request.addEventListener('abort', () => reject(signal.reason));
    request.addEventListener('loadend', () => signal.removeEventListener('abort', stop));
    signal.addEventListener('abort', stop);
    request.open('POST', url);
    for (const [header, value] of Object.entries(headers)) {
      request.setRequestHeader(header, value);
    }
    request.send(body);
  });
}

function openRequest() {
  return new XMLHttpRequest();
}
