/** @import { Plan, Quota, StatusLine, StoreLimits } from '../types.js' */

import { formatBytes, formatCount } from './format.js';

/** From this part on it is told that little is left. */
const NEARLY = 0.9;

/**
 * What a store's plan allows, how much of it is used, and what it takes of one photo.
 *
 * @param {Plan} plan
 * @returns {StatusLine[]}
 */
export function describePlan({ quotas, limits, problem }) {
  const lines = quotas.map(describeQuota);
  const most = describeLimits(limits);
  if (most) {
    lines.push({ name: 'One photo', words: `at most ${most}`, isBad: false, share: null });
  }
  if (problem) {
    lines.push({ name: 'Not told', words: problem, isBad: true, share: null });
  }
  return lines;
}

/**
 * `4.5 of 25`, `12 GB of 25 GB, nearly used up`.
 *
 * @param {Quota} quota
 * @returns {StatusLine}
 */
function describeQuota({ name, unit, used, limit }) {
  const format = unit === 'bytes' ? formatBytes : formatAmount;
  const title = name.charAt(0).toUpperCase() + name.slice(1);
  if (limit === null) {
    return { name: title, words: format(used), isBad: false, share: null };
  }
  const share = limit > 0 ? Math.min(1, used / limit) : 1;
  return {
    name: title,
    words: `${format(used)} of ${format(limit)}${warningOf(share)}`,
    isBad: share >= NEARLY,
    share,
  };
}

/** @param {number} share */
function warningOf(share) {
  if (share >= 1) {
    return ', used up';
  }
  return share >= NEARLY ? ', nearly used up' : '';
}

/** @param {Omit<StoreLimits, 'name'>} limits */
function describeLimits({ max_bytes, max_pixels, max_side }) {
  const parts = [
    max_bytes === null ? '' : formatBytes(max_bytes),
    max_pixels === null ? '' : `${formatAmount(max_pixels / 1e6)} megapixels`,
    max_side === null ? '' : `${formatCount(max_side)} pixels a side`,
  ];
  return parts.filter(Boolean).join(', ');
}

/** @param {number} amount */
function formatAmount(amount) {
  return formatCount(Math.round(10 * amount) / 10);
}
