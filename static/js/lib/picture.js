/** @import { ImageJson } from '../types.js' */

/**
 * Returns once the picture of an image is here, so that it can take the place of another without a flash.
 *
 * @param {ImageJson} image
 */
export async function fetched({ variants: { full } }) {
  const picture = new Image();
  picture.sizes = '100vw';
  picture.srcset = full.srcset;
  picture.src = full.url;
  await picture.decode().catch(() => {}); // whoever shows it tells that
}

/** The shape of a file that the browser cannot show (most cannot show HEIC and TIFF). */
const UNKNOWN = { width: 3, height: 2 };

/**
 * How wide and high a picture is, upright; a guess if the browser cannot read it.
 *
 * @param {string} url
 * @returns {Promise<{ width: number, height: number }>}
 */
export function pictureSize(url) {
  return new Promise((resolve) => {
    const picture = new Image();
    picture.addEventListener('load', () => {
      const { naturalWidth: width, naturalHeight: height } = picture;
      resolve(width > 0 && height > 0 ? { width, height } : UNKNOWN);
    });
    picture.addEventListener('error', () => resolve(UNKNOWN));
    picture.src = url;
  });
}
