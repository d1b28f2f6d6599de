/**
 * Light, dark, or as the system has it. Remembered in this browser, and followed by its other pages at once;
 * `scheme.js` applies it before a page is painted.
 */
export class SchemeSwitch extends HTMLElement {
  #listening = new AbortController();

  connectedCallback() {
    this.#listening = new AbortController();
    const { signal } = this.#listening;
    this.addEventListener('change', (event) => this.#choose(event), { signal });
    addEventListener('storage', () => this.#show(), { signal });
    this.#show();
  }

  disconnectedCallback() {
    this.#listening.abort();
  }

  /** @param {Event} event */
  #choose({ target }) {
    if (!(target instanceof HTMLInputElement)) {
      return;
    }
    if (target.value === 'system') {
      localStorage.removeItem('scheme');
    } else {
      localStorage.setItem('scheme', target.value);
    }
    this.#show();
  }

  #show() {
    const scheme = localStorage.getItem('scheme');
    const { dataset } = document.documentElement;
    if (scheme) {
      dataset.scheme = scheme;
    } else {
      delete dataset.scheme;
    }
    for (const choice of this.querySelectorAll('input')) {
      choice.checked = choice.value === (scheme ?? 'system');
    }
  }
}

customElements.define('scheme-switch', SchemeSwitch);
