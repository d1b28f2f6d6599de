/** @import { ImageJson } from '../../../static/js/types.js' */

/**
 * An image as the API would present it.
 *
 * @param {Partial<ImageJson>} [facts]
 * @returns {ImageJson}
 */
export function image(facts = {}) {
  const id = facts.id ?? 'a'.repeat(22);
  const variant = (/** @type {number} */ width) => ({
    url: `/cdn/${id}/${width}`,
    width,
    height: (width * 3) / 4,
    srcset: `/cdn/${id}/${width} ${width}w`,
  });
  return {
    id,
    url: `/cdn/${id}`,
    description: '',
    alt: '',
    tags: [],
    albums: [],
    width: 4000,
    height: 3000,
    format: 'jpeg',
    bytes: 3_145_728,
    status: 'ready',
    store: 'local',
    version: 1,
    color: '#8a6f4d',
    placeholder: '',
    created_at: '2026-11-18T09:12:00Z',
    updated_at: '2026-11-18T09:12:00Z',
    taken_at: null,
    camera: null,
    page: `/i/${id}`,
    variants: { card: variant(800), full: variant(2400) },
    ...facts,
  };
}

/**
 * So many images, `a…`, `b…`, `c…`.
 *
 * @param {string} letters
 */
export function images(letters) {
  return [...letters].map((letter) => image({ id: letter.repeat(22) }));
}
