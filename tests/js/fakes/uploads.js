/** @import { Facts, Task, Upload } from '../../../static/js/types.js' */

/**
 * An upload as the queue would tell it.
 *
 * @param {string} key
 * @param {Upload['state']} state
 * @param {Partial<Upload>} [more]
 * @returns {Upload}
 */
export function upload(key, state, more = {}) {
  const file = new File(['x'], `${key}.jpg`);
  return {
    key,
    file,
    name: file.name,
    bytes: 100,
    sent: 0,
    state,
    reason: '',
    retryable: false,
    image: null,
    similar: [],
    replaces: null,
    folder: '',
    told: {},
    later: null,
    keeping: 'kept',
    previewUrl: '',
    ...more,
  };
}

/**
 * @param {Partial<Facts>} [facts]
 * @returns {Facts}
 */
export function factsOf(facts = {}) {
  return {
    told: {},
    later: null,
    isBegun: false,
    looked: null,
    replaces: null,
    isChosen: false,
    isWhole: false,
    ticket: null,
    form: null,
    reason: '',
    ...facts,
  };
}

/**
 * A file whose turn it is.
 *
 * @param {File} file
 * @param {Partial<Task>} [more]
 * @returns {Task}
 */
export function taskOf(file, more = {}) {
  const { signal } = new AbortController();
  return { key: 'k', file, facts: factsOf(), signal, tell: () => {}, next: () => [], ...more };
}
