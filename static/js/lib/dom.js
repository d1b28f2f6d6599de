/** @import { GalleryEvents } from '../types.js' */

/**
 * The element that must be there: a missing one is a mistake in a template, and says which.
 *
 * @template {Element} E
 * @param {ParentNode} within
 * @param {string} selector
 * @param {abstract new (...args: any[]) => E} type
 * @returns {E}
 */
export function find(within, selector, type) {
  const found = within.querySelector(selector);
  if (!(found instanceof type)) {
    throw new TypeError(`No ${type.name} matches ${selector}`);
  }
  return found;
}

/**
 * A fresh copy of the one element inside `<template data-name="…">`.
 *
 * @template {Element} E
 * @param {string} name
 * @param {abstract new (...args: any[]) => E} type
 * @returns {E}
 */
export function fromTemplate(name, type) {
  const template = find(document, `template[data-name="${name}"]`, HTMLTemplateElement);
  const copy = document.importNode(template.content, true);
  return find(copy, '*', type);
}

/**
 * Dispatches one of our events; it bubbles.
 *
 * @template {keyof GalleryEvents} Name
 * @param {EventTarget} target
 * @param {Name} name
 * @param {GalleryEvents[Name]} detail
 */
export function announce(target, name, detail) {
  target.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

/**
 * Listens for one of our events; the handler gets its detail.
 *
 * @template {keyof GalleryEvents} Name
 * @param {EventTarget} target
 * @param {Name} name
 * @param {(detail: GalleryEvents[Name], event: CustomEvent<GalleryEvents[Name]>) => void} handler
 * @param {{ signal?: AbortSignal }} [options]
 */
export function hear(target, name, handler, options = {}) {
  const listener = (/** @type {Event} */ event) => {
    if (event instanceof CustomEvent) {
      handler(event.detail, event);
    }
  };
  target.addEventListener(name, listener, options);
}

/**
 * Whether keys belong to a text field at the moment, so that our shortcuts must keep quiet.
 *
 * @param {EventTarget | null} target
 */
export function isTyping(target) {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable ||
      target.matches('input:not([type=file], [type=radio], [type=checkbox]), textarea, select'))
  );
}

/**
 * Whether a key or click is the browser's or the system's: a new tab, a shortcut of theirs.
 *
 * @param {MouseEvent | KeyboardEvent} event
 */
export function hasModifier({ altKey, ctrlKey, metaKey, shiftKey }) {
  return altKey || ctrlKey || metaKey || shiftKey;
}

/** Whether the person asked for less motion. */
export function prefersStillness() {
  return matchMedia('(prefers-reduced-motion: reduce)').matches;
}
