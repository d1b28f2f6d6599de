/**
 * What this browser remembers for us between visits; null when it knows nothing, or keeps nothing.
 *
 * @param {string} name
 */
export function recall(name) {
  try {
    return localStorage.getItem(name);
  } catch {
    return null; // people may forbid sites to store anything: reading then throws
  }
}

/**
 * @param {string} name
 * @param {string} value
 * @returns {boolean} whether it will be remembered
 */
export function remember(name, value) {
  try {
    localStorage.setItem(name, value);
    return true;
  } catch {
    return false; // forbidden, or full
  }
}
