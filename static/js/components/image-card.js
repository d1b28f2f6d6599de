/** @import { ImageJson, Upload } from '../types.js' */

import { find, fromTemplate } from '../lib/dom.js';
import { formatWait } from '../lib/format.js';
import { ratioOf } from '../lib/rows.js';
import { decodePlaceholder, isTransparent } from '../lib/thumbhash.js';

/**
 * One photograph in the grid: a link to its page, with a stand-in until the photograph is there.
 * Attribute `state`: `pending`, `failed` (a file on its way), `new`, `broken`, or none; `selected`.
 */
export class ImageCard extends HTMLElement {
  /** @type {ImageJson | null} */
  image = null;

  get link() {
    return find(this, '.image-card__link', HTMLAnchorElement);
  }

  get photo() {
    return find(this, '.image-card__photo', HTMLImageElement);
  }

  get isSelected() {
    return this.hasAttribute('selected');
  }

  set isSelected(isSelected) {
    if (isSelected !== this.isSelected) {
      this.toggleAttribute('selected', isSelected);
    }
    const tick = this.#tick;
    if (tick && tick.checked !== isSelected) {
      tick.checked = isSelected;
    }
  }

  /**
   * Takes over a card that stands in the document: drawn by the server, or for another list.
   *
   * @param {ImageJson} image
   */
  take(image) {
    if (this.image) {
      this.update(image);
      return;
    }
    this.image = image;
    this.querySelector('.image-card__plain')?.remove(); // what needs no script
    this.#addControls();
    this.#reveal();
  }

  /**
   * Shows an image.
   *
   * @param {ImageJson} image
   * @param {{ width_px: number }} layout  how wide the card is
   */
  show(image, { width_px }) {
    this.#describe(image);
    find(this, '.image-card__ground rect', SVGElement).setAttribute('fill', image.color);
    aim(this.photo, image, width_px);
    this.#addControls();
    this.#reveal();
  }

  /**
   * Shows what is known of an image after it was changed; the picture stays.
   *
   * @param {ImageJson} image
   */
  update(image) {
    const replaced = this.image?.variants.card.url !== image.variants.card.url;
    this.#describe(image);
    if (replaced) {
      this.#exchange(image);
    }
    this.#nameControls();
  }

  /**
   * Shows a file on its way, dimmed.
   *
   * @param {Upload} upload
   * @param {{ width: number, height: number }} size
   */
  showPending(upload, size) {
    this.dataset.key = upload.key;
    this.#shape(size);
    this.setAttribute('state', 'pending');
    this.link.removeAttribute('href');
    find(this, '.image-card__ground', SVGElement).remove();
    const { photo } = this;
    photo.alt = `${upload.name}, being added`;
    photo.src = upload.previewUrl;
    photo.addEventListener('error', () => photo.removeAttribute('src'), { once: true });
  }

  /**
   * The file has become this image. The served picture takes the place of the local one once it can be painted at
   * once, so that nothing flashes.
   *
   * @param {ImageJson} image
   */
  async settle(image) {
    const local = this.photo;
    const served = /** @type {HTMLImageElement} */ (local.cloneNode());
    served.removeAttribute('src');
    this.#describe(image, served);
    this.#addControls();
    aim(served, image, this.clientWidth, { eager: true });
    await served.decode().catch(() => this.setAttribute('state', 'broken'));
    local.replaceWith(served);
    if (this.getAttribute('state') === 'pending') {
      this.removeAttribute('state');
    }
  }

  /**
   * Another picture takes the place of the one before once it can be painted.
   *
   * @param {ImageJson} image
   */
  async #exchange(image) {
    const served = /** @type {HTMLImageElement} */ (this.photo.cloneNode());
    aim(served, image, this.clientWidth, { eager: true });
    await served.decode().catch(() => {}); // its alt text stands there then
    if (this.image?.variants.card.url === image.variants.card.url) {
      this.photo.replaceWith(served);
    }
  }

  /** Draws the eye here for a moment. */
  pointOut() {
    this.setAttribute('state', 'new');
    this.addEventListener('animationend', () => this.removeAttribute('state'), { once: true });
  }

  /**
   * @param {ImageJson} image
   * @param {HTMLImageElement} [photo]
   */
  #describe(image, photo = this.photo) {
    this.image = image;
    this.dataset.id = image.id;
    this.#shape(image);
    this.link.href = image.purge_at ? image.variants.full.url : image.page; // what is hidden has no page
    this.#sayWait(image);
    photo.alt = nameOf(image);
    const caption = find(this, '.image-card__caption', HTMLElement);
    caption.textContent = image.description;
    // Without an alt text the description is the picture's name already.
    if (image.alt) {
      caption.removeAttribute('aria-hidden');
    } else {
      caption.setAttribute('aria-hidden', 'true');
    }
  }

  /** @param {{ width: number, height: number }} size */
  #shape(size) {
    for (const name of [...this.classList].filter((each) => each.startsWith('image-card--r'))) {
      this.classList.remove(name);
    }
    this.classList.add(`image-card--r${ratioOf(size)}`);
  }

  get #tick() {
    return /** @type {HTMLInputElement | null} */ (this.querySelector('.image-card__tick input'));
  }

  /** Only those who may change something have the templates. */
  #addControls() {
    if (this.image && document.querySelector('template[data-name="card-tick"]')) {
      this.append(fromTemplate('card-tick', HTMLElement), fromTemplate('card-delete', HTMLButtonElement));
      this.#nameControls();
    }
  }

  #nameControls() {
    if (this.image) {
      const name = nameOf(this.image);
      this.#tick?.setAttribute('aria-label', `Select ${name}`);
      const ends = this.image.purge_at ? ' for ever' : '';
      this.querySelector('.image-card__delete')?.setAttribute('aria-label', `Delete ${name}${ends}`);
    }
  }

  /** @param {ImageJson} image  in the trash: how long it still waits there */
  #sayWait({ purge_at }) {
    const known = this.querySelector('.image-card__wait');
    if (!purge_at) {
      known?.remove();
      return;
    }
    const wait = known ?? document.createElement('span');
    wait.className = 'image-card__wait';
    wait.textContent = formatWait(purge_at, new Date());
    this.append(wait);
  }

  /** Lets the photograph fade in over its stand-in, unless it is there already. */
  #reveal() {
    const { photo } = this;
    this.classList.toggle('image-card--transparent', isTransparent(this.image?.placeholder ?? ''));
    if (photo.complete && photo.naturalWidth > 0) {
      this.#clearGround();
      return;
    }
    this.#drawPlaceholder();
    photo.classList.add('image-card__photo--waiting');
    photo.addEventListener('load', () => this.#fadeIn(), { once: true });
    photo.addEventListener('error', () => this.#showBroken(), { once: true });
  }

  async #fadeIn() {
    const { photo } = this;
    photo.classList.remove('image-card__photo--waiting');
    await Promise.allSettled(photo.getAnimations().map((animation) => animation.finished));
    this.#clearGround();
  }

  #showBroken() {
    this.setAttribute('state', 'broken');
    this.photo.classList.remove('image-card__photo--waiting');
  }

  /** A transparent photograph must not stand on its own average. */
  #clearGround() {
    for (const ground of this.querySelectorAll('.image-card__ground')) {
      ground.remove();
    }
  }

  #drawPlaceholder() {
    const pixels = decodePlaceholder(this.image?.placeholder ?? '');
    if (!pixels) {
      return;
    }
    const { width, height, data } = pixels;
    const canvas = document.createElement('canvas');
    canvas.className = 'image-card__ground';
    canvas.width = width;
    canvas.height = height;
    canvas.setAttribute('aria-hidden', 'true');
    canvas.getContext('2d')?.putImageData(new ImageData(data, width, height), 0, 0);
    find(this, '.image-card__ground', SVGElement).replaceWith(canvas);
  }
}

/**
 * What to call an image: its alt text, else its description.
 *
 * @param {ImageJson} image
 */
function nameOf({ alt, description }) {
  return alt || description || 'Photo without a description';
}

/**
 * @param {HTMLImageElement} photo
 * @param {ImageJson} image
 * @param {number} width_px
 * @param {{ eager?: boolean }} [options]
 */
function aim(photo, { variants: { card } }, width_px, { eager = false } = {}) {
  photo.loading = eager ? 'eager' : 'lazy';
  photo.sizes = `${width_px}px`;
  photo.srcset = card.srcset;
  photo.width = card.width;
  photo.height = card.height;
  photo.src = card.url;
}

customElements.define('image-card', ImageCard);
