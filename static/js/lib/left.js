/** @typedef {{ id: string, offset_px: number }} Place  an image, and how far from the top of the window it stands */

/** What the tab remembers. */
const LEFT = 'vitrine.left';

/**
 * Remembers where a page was left, for the moment when it comes back.
 *
 * Beside the history: a browser that reloads a page loses what is written into the history while it is left.
 *
 * @param {{ place: Place, address: string }} left
 */
export function leaveAt({ place, address }) {
  try {
    sessionStorage.setItem(LEFT, JSON.stringify({ place, address, over: history.state?.place?.id ?? null }));
  } catch {
    // People may forbid sites to store anything: they come back to where they last stood still.
  }
}

/**
 * Where the page was left that has come back now. Tells it once.
 *
 * @returns {{ place: Place, address: string } | null}
 */
export function leftAt() {
  const [came] = performance.getEntriesByType('navigation');
  const type = came instanceof PerformanceNavigationTiming ? came.type : 'navigate';
  try {
    const left = JSON.parse(sessionStorage.getItem(LEFT) ?? 'null');
    sessionStorage.removeItem(LEFT);
    const isThis = type === 'reload' || (type === 'back_forward' && left?.over === (history.state?.place?.id ?? null));
    return isThis ? left : null;
  } catch {
    return null; // forbidden
  }
}
