/**
 * Resolves when a style sheet counts, rejects when it cannot be had.
 *
 * @param {HTMLLinkElement} link  in the page
 * @returns {Promise<void>}
 */
export function loaded(link) {
  if (link.sheet) {
    return Promise.resolve();
  }
  return new Promise((resolve, reject) => {
    link.addEventListener('load', () => resolve(), { once: true });
    link.addEventListener('error', () => reject(new Error(`${link.href} did not load`)), { once: true });
  });
}
