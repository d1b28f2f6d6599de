/** @type {Record<string, string>} */
const NAMES = {
  local: 'this gallery',
  cloudinary: 'Cloudinary',
  cloudflare: 'Cloudflare Images',
  s3: 'an S3 bucket',
  spool: 'this server',
};

/**
 * What people call a store.
 *
 * @param {string} store
 */
export function nameOf(store) {
  return NAMES[store] ?? store;
}
