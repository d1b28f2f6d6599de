/** What stays usable while something modal is open: a toast carries Undo. */
const STAYS = 'toast-message, script, template';

const FOCUSABLE = 'a[href], button:not(:disabled), input:not(:disabled), textarea:not(:disabled), [tabindex="0"]';

/**
 * Makes everything beside an element inert, and says how to take that back.
 *
 * The browser's own modal dialog would cover the toast too, and nobody could press its Undo.
 *
 * @param {Element} element
 * @returns {() => void}
 */
export function setAside(element) {
  const others = [...document.body.children].filter(
    (other) => other instanceof HTMLElement && !other.inert && !other.contains(element) && !other.matches(STAYS),
  );
  const toggle = (/** @type {boolean} */ inert) => {
    for (const other of others) {
      other.toggleAttribute('inert', inert);
    }
  };
  toggle(true);
  return () => toggle(false);
}

/**
 * Keeps Tab within an element: from its last control to its first, and back.
 *
 * @param {HTMLElement} element
 * @param {KeyboardEvent} event  of a key that is Tab
 */
export function keepFocus(element, event) {
  const controls = [...element.querySelectorAll(FOCUSABLE)].filter(
    (control) => control instanceof HTMLElement && control.checkVisibility({ visibilityProperty: true }),
  );
  const [first, last] = [controls.at(0), controls.at(-1)];
  const at = document.activeElement;
  const goal = event.shiftKey ? last : first;
  const isAtEdge = at === (event.shiftKey ? first : last) || at === element || !element.contains(at);
  if (isAtEdge && goal instanceof HTMLElement) {
    event.preventDefault();
    goal.focus();
  }
}

/**
 * Keeps the page behind where it is: wheel turns go to what can scroll within the element, or nowhere.
 *
 * @param {WheelEvent} event
 */
export function keepStill(event) {
  const within = event.target instanceof Element ? event.target.closest('[data-scrolls]') : null;
  if (!within || within.scrollHeight <= within.clientHeight) {
    event.preventDefault();
  }
}
