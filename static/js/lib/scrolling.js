import { announce } from './dom.js';

/** Scrolling has come to rest when nothing happened for so long. */
const REST_MS = 200;

/**
 * Draws a grid anew while the page is scrolled. The grid says `place-changed` when that has come to rest, and when the
 * page is left.
 *
 * @param {HTMLElement} grid
 * @param {object} parts
 * @param {AbortSignal} parts.signal
 * @param {() => void} parts.draw
 * @param {() => { id: string, offset_px: number } | null} parts.place  the first image in sight
 */
export function listenToScrolling(grid, { signal, draw, place }) {
  let resting = 0;
  let drawing = 0;
  const tell = (/** @type {boolean} */ isLast) => {
    const at = place();
    if (at) {
      announce(grid, 'place-changed', { ...at, isLast });
    }
  };
  const follow = () => {
    cancelAnimationFrame(drawing);
    drawing = requestAnimationFrame(draw);
    clearTimeout(resting);
    resting = window.setTimeout(() => tell(false), REST_MS);
  };
  addEventListener('scroll', follow, { signal, passive: true });
  addEventListener('beforeunload', () => tell(true), { signal });
}
