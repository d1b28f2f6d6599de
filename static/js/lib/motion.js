import { prefersStillness } from './dom.js';

const SLIDE_MS = 220;

/** What is on its way, so that the next change can begin from there. @type {WeakMap<HTMLElement, Animation>} */
const sliding = new WeakMap();

/** What lies under the bar is not looked at. */
const UNDER_BAR_PX = 40;

/**
 * Makes a change that moves elements: each is put back to where it was, for one frame, and slides from there.
 *
 * It is only shifted, never scaled: browsers count what a shift takes back as not having jumped.
 *
 * @param {readonly HTMLElement[]} elements  none inside of another
 * @param {() => void} change
 */
export function slide(elements, change) {
  const before = elements.map((element) => ({ element, from: element.getBoundingClientRect() }));
  change();
  if (prefersStillness()) {
    return;
  }
  for (const element of elements) {
    sliding.get(element)?.cancel();
    element.style.translate = '';
  }
  const moved = before.flatMap(({ element, from }) => {
    const to = element.getBoundingClientRect();
    const shift = { x: from.left - to.left, y: from.top - to.top };
    return to.width > 0 && from.width > 0 && (shift.x !== 0 || shift.y !== 0) ? { element, shift } : [];
  });
  for (const { element, shift } of moved) {
    element.style.translate = `${shift.x}px ${shift.y}px`;
  }
  afterPainting(() => {
    for (const { element } of moved) {
      letGo(element);
    }
  });
}

/**
 * Makes a change that moves elements. If the page is scrolled, the first one in sight stays where it is.
 *
 * @param {readonly HTMLElement[]} elements  from the top of the page to its end
 * @param {() => void} change
 */
export function holdStill(elements, change) {
  const before = elements.map((element) => ({ element, from: element.getBoundingClientRect() }));
  change();
  const held = before.find(({ element, from }) => from.bottom > UNDER_BAR_PX && element.isConnected);
  if (held && window.scrollY > 0) {
    window.scrollBy(0, held.element.getBoundingClientRect().top - held.from.top);
  }
}

/** @param {() => void} act */
function afterPainting(act) {
  requestAnimationFrame(() => requestAnimationFrame(act));
}

/** @param {HTMLElement} element */
function letGo(element) {
  const { translate } = element.style;
  element.style.translate = '';
  if (translate) {
    const way = { translate: [translate, '0 0'], zIndex: [1, 1] };
    sliding.set(element, element.animate(way, { duration: SLIDE_MS, easing: 'cubic-bezier(0.2, 0, 0, 1)' }));
  }
}
