import { find, fromTemplate } from './dom.js';

/**
 * @typedef {object} Question
 * @property {string} title
 * @property {string} [words]
 * @property {{ label: string, value?: string, lines?: boolean, maxLength?: number, mayBeEmpty?: boolean }} [field]
 *     what is to be typed: one line, or several
 * @property {readonly { value: string, text: string, kind?: 'primary' | 'bad' }[]} choices  the first one is Enter's
 */

/**
 * Asks in a dialog. Says what was chosen and typed; null if nothing was.
 *
 * @param {Question} question
 * @returns {Promise<{ choice: string, text: string } | null>}
 */
export function ask({ title, words = '', field, choices }) {
  const dialog = fromTemplate('ask', HTMLDialogElement);
  const form = find(dialog, 'form', HTMLFormElement);
  find(dialog, '.ask__title', HTMLElement).textContent = title;
  const said = find(dialog, '.ask__words', HTMLElement);
  said.textContent = words;
  said.hidden = !words;
  const typed = field ? addField(find(dialog, '.ask__field', HTMLElement), field) : null;
  const actions = find(dialog, '.ask__actions', HTMLElement);
  for (const { value, text, kind } of choices) {
    const button = document.createElement('button');
    button.className = `button${kind ? ` button--${kind}` : ''}`;
    button.value = value;
    button.textContent = text;
    actions.append(button);
  }
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      const text = typed?.value.trim() ?? '';
      dialog.remove();
      resolve(dialog.returnValue ? { choice: dialog.returnValue, text } : null);
    });
    // Enter in the field presses the first button there is, which is Cancel.
    form.addEventListener('keydown', (event) => {
      if (event.key === 'Enter' && event.target instanceof HTMLInputElement) {
        event.preventDefault();
        form.requestSubmit(actions.querySelectorAll('button')[1]);
      }
    });
    document.body.append(dialog);
    dialog.showModal();
    (typed ?? actions.querySelector('button'))?.focus();
  });
}

/**
 * @param {HTMLElement} place
 * @param {NonNullable<Question['field']>} field
 */
function addField(place, { label, value = '', lines = false, maxLength = 2000, mayBeEmpty = false }) {
  const control = document.createElement(lines ? 'textarea' : 'input');
  control.className = 'form__field';
  control.maxLength = maxLength;
  control.value = value;
  control.required = !mayBeEmpty;
  const name = document.createElement('label');
  name.className = 'form__label';
  name.append(label, control);
  place.append(name);
  if (control instanceof HTMLInputElement) {
    control.autocomplete = 'off';
  } else {
    control.rows = 3;
  }
  return control;
}
