/** @import { Audit, Moving, Status } from '../types.js' */

import { countPhotos, formatAgo, formatCount } from './format.js';

/** @type {Record<string, string>} */
const STORES = { local: 'on this machine', cloudinary: 'at Cloudinary', spool: 'here, until its store answers' };

/**
 * How the gallery is, in words for each line; `bad` names the lines that somebody should look after.
 *
 * @param {Status} status
 * @param {Date} now
 */
export function describeStatus(status, now) {
  const bad = [
    ...(status.ready ? [] : ['store']),
    ...(status.moving.refused > 0 ? ['moving'] : []),
    ...(status.audit && status.audit.drift > 0 ? ['audit'] : []),
  ];
  const words = {
    images: countPhotos(status.images, { capped: status.images_capped }),
    store: describeStore(status),
    moving: describeMoving(status.moving),
    audit: describeAudit(status.audit, now),
  };
  return { words, bad };
}

/** @param {Status} status */
function describeStore({ store, ready, health }) {
  const place = STORES[store] ?? `in ${store}`;
  if (!ready) {
    return `${place}, where nothing can be added now`;
  }
  return (health[store]?.state ?? 'closed') === 'closed' ? place : `${place}, which does not answer now`;
}

/** @param {Moving} moving */
function describeMoving({ images, refused, problem }) {
  if (images === 0) {
    return 'nothing waits for its store';
  }
  const waiting = `${countPhotos(images)} here, waiting for the store`;
  return refused === 0 ? waiting : `${waiting}; it refused ${formatCount(refused)}: ${problem}`;
}

/**
 * `drift: 0, audited 2 h ago`.
 *
 * @param {Audit | null} audit
 * @param {Date} now
 */
function describeAudit(audit, now) {
  if (!audit) {
    return 'not audited yet';
  }
  const kinds = Object.entries(audit.kinds).map(([kind, count]) => `${formatCount(count)} ${kind}`);
  const named = kinds.length > 0 ? ` (${kinds.join(', ')})` : '';
  return `drift: ${formatCount(audit.drift)}${named}, audited ${formatAgo(audit.audited_at, now)}`;
}
