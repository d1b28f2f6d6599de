/**
 * Numbers, sizes and moments in people's words. Formatters are made once: making one costs more than using it
 * a thousand times.
 */

const LANGUAGE = 'en-GB';
const COUNT = new Intl.NumberFormat(LANGUAGE);
const UNITS = ['bytes', 'kB', 'MB', 'GB', 'TB'];

/* Months are those of the server, which counts in UTC; a moment is shown on the person's own clock. */
const MONTH = new Intl.DateTimeFormat(LANGUAGE, { month: 'long', year: 'numeric', timeZone: 'UTC' });
const TIME = new Intl.DateTimeFormat(LANGUAGE, { hour: '2-digit', minute: '2-digit' });
const MOMENT = new Intl.DateTimeFormat(LANGUAGE, {
  day: 'numeric',
  month: 'long',
  year: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
});

/**
 * `3.9 MB`: 1,024 to a step, one decimal below ten.
 *
 * @param {number} bytes
 */
export function formatBytes(bytes) {
  let size = bytes;
  let unit = 0;
  while (size >= 1023.5 && unit < UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  const digits = unit > 0 && size < 9.95 ? 1 : 0;
  return `${size.toFixed(digits).replace('.0', '')} ${UNITS[unit]}`;
}

/**
 * `1,204`.
 *
 * @param {number} count
 */
export function formatCount(count) {
  return COUNT.format(count);
}

/**
 * `1 photo`, `14 photos`, `1,000+ photos`.
 *
 * @param {number} count
 * @param {{ capped?: boolean }} [options]
 */
export function countPhotos(count, { capped = false } = {}) {
  return `${COUNT.format(count)}${capped ? '+' : ''} ${count === 1 ? 'photo' : 'photos'}`;
}

/**
 * The month of arrival, `2026-11`, as the server counts it.
 *
 * @param {string} moment  RFC 3339
 */
export function monthOf(moment) {
  return new Date(moment).toISOString().slice(0, 7);
}

/**
 * `November 2026` for `2026-11`.
 *
 * @param {string} month
 */
export function formatMonth(month) {
  return MONTH.format(new Date(`${month}-01T00:00:00Z`));
}

/**
 * `18 November 2026, 09:12`, on the person's clock.
 *
 * @param {string} moment  RFC 3339
 */
export function formatMoment(moment) {
  return MOMENT.format(new Date(moment)).replace(' at ', ', ');
}

/**
 * `14:30`, on the person's clock.
 *
 * @param {Date} moment
 */
export function formatTime(moment) {
  return TIME.format(moment);
}

/**
 * `today`, `in 1 day`, `in 12 days`.
 *
 * @param {string} moment  RFC 3339
 * @param {Date} now
 */
export function formatWait(moment, now) {
  const days = Math.ceil((Date.parse(moment) - now.getTime()) / 86_400_000);
  if (days <= 0) {
    return 'today';
  }
  return days === 1 ? 'in 1 day' : `in ${COUNT.format(days)} days`;
}

/**
 * `40 s`, `3 min`, `2 h`: rounded up, never more exact than it can be meant.
 *
 * @param {number} seconds
 */
export function formatDuration(seconds) {
  if (seconds < 60) {
    return `${Math.max(5, Math.ceil(seconds / 5) * 5)} s`;
  }
  return seconds < 3600 ? `${Math.ceil(seconds / 60)} min` : `${Math.ceil(seconds / 3600)} h`;
}

/**
 * `just now`, `5 min ago`, `2 h ago`, `3 days ago`.
 *
 * @param {string} moment  RFC 3339
 * @param {Date} now
 */
export function formatAgo(moment, now) {
  const minutes = Math.floor((now.getTime() - Date.parse(moment)) / 60_000);
  if (minutes < 1) {
    return 'just now';
  }
  if (minutes < 60) {
    return `${minutes} min ago`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ago` : `${COUNT.format(Math.floor(hours / 24))} days ago`;
}
