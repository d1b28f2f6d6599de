/** @import { Look, Looked } from '../types.js' */

/** The one script that the page's policy `vitrine-worker` lets through. */
const ADDRESS = new URL('./worker.js', import.meta.url).href;

/** Nothing is known: the browser has no workers, or ours has died. What has no hash is sent all the same. */
const UNKNOWN = Object.freeze({ sha256: '', phash: '' });

/**
 * @typedef {object} Job
 * @property {File} file
 * @property {AbortSignal} signal
 * @property {() => void} onStart
 * @property {(looked: Looked | null) => void} resolve
 */

/**
 * Looks at files in a worker, one after the other, so that neither the page nor the memory feels it.
 *
 * @param {() => Worker} [open]
 * @returns {Look}
 */
export function lookWith(open = openWorker) {
  /** @type {Job[]} */
  const jobs = [];
  /** @type {Worker | null} */
  let worker = null;
  /** @type {Job | undefined} */
  let current;

  const next = () => {
    current = jobs.shift();
    if (!current) {
      return;
    }
    if (current.signal.aborted) {
      end(UNKNOWN);
      return;
    }
    current.onStart();
    try {
      worker ??= listened(open());
      worker.postMessage(current.file);
    } catch {
      end(UNKNOWN); // no workers here: the policy of a proxy, or an old browser
    }
  };
  const end = (/** @type {Looked | null} */ looked) => {
    current?.resolve(looked);
    next();
  };
  const listened = (/** @type {Worker} */ opened) => {
    opened.addEventListener('message', ({ data }) => end(data));
    opened.addEventListener('error', (event) => {
      event.preventDefault();
      opened.terminate();
      worker = null;
      end(UNKNOWN);
    });
    return opened;
  };
  return (file, { signal, onStart }) =>
    new Promise((resolve) => {
      jobs.push({ file, signal, onStart, resolve });
      if (!current) {
        next();
      }
    });
}

function openWorker() {
  const { trustedTypes } = /** @type {any} */ (globalThis);
  const address = trustedTypes ? policy(trustedTypes).createScriptURL(ADDRESS) : ADDRESS;
  return new Worker(address, { type: 'module', name: 'look' });
}

/** @type {any} a policy can be made once in a page */
let made = null;

/** @param {any} trustedTypes */
function policy(trustedTypes) {
  made ??= trustedTypes.createPolicy('vitrine-worker', {
    createScriptURL(/** @type {string} */ address) {
      if (address !== ADDRESS) {
        throw new TypeError(`${address} is not our worker`);
      }
      return address;
    },
  });
  return made;
}
