/** Whether a request can reach the gallery. One on this very machine needs no network. */
export function canReachServer() {
  return navigator.onLine || /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(location.hostname);
}

/** 128 random bits in hexadecimal. `crypto.randomUUID` is missing where a home network serves plain HTTP. */
export function randomKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
