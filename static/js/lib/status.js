/** @import { Audit, Migration, Moving, Status, StatusGroup, StatusLine } from '../types.js' */

import { countPhotos, formatAgo, formatCount, formatDuration, formatTime } from './format.js';
import { describePlan } from './plans.js';
import { nameOf } from './stores.js';

/** @type {Record<string, string>} */
const PLACES = { local: 'on this machine', cloudinary: 'at Cloudinary', spool: 'here, until its store answers' };

/**
 * How files of this page come to their store. store: the one that they go straight to, if there is one.
 *
 * @typedef {{ store: string | null, lostUntil_ms: number | null }} Sending
 */

/**
 * How the gallery is, in words: of itself, then of each store that has a plan.
 *
 * @param {Status} status
 * @param {{ now: Date, sending: Sending }} surroundings
 * @returns {StatusGroup[]}
 */
export function describeStatus(status, { now, sending }) {
  const { images, images_capped, ready, moving, migration, audit, plans } = status;
  const lines = [
    line('Photos', countPhotos(images, { capped: images_capped })),
    line('Kept', describeStore(status), { isBad: !ready }),
    line('Sent', describeSending(sending)),
    line('On the way', describeMoving(moving), { isBad: moving.refused > 0 }),
    migration ? describeMigration(migration, now) : line('Moving', ''),
    line('Audit', describeAudit(audit, now), { isBad: audit !== null && audit.drift > 0 }),
  ];
  const ofStores = Object.entries(plans).map(([store, plan]) => ({ title: nameOf(store), lines: describePlan(plan) }));
  return [
    { title: '', lines: lines.filter(({ words }) => words) },
    ...ofStores.filter((group) => group.lines.length > 0),
  ];
}

/**
 * @param {string} name
 * @param {string} words  empty: there is nothing to say of it
 * @param {{ isBad?: boolean, share?: number | null }} [more]
 * @returns {StatusLine}
 */
function line(name, words, { isBad = false, share = null } = {}) {
  return { name, words, isBad, share };
}

/** @param {Status} status */
function describeStore({ store, ready, health }) {
  const place = PLACES[store] ?? `in ${nameOf(store)}`;
  if (!ready) {
    return `${place}, where nothing can be added now`;
  }
  return (health[store]?.state ?? 'closed') === 'closed' ? place : `${place}, which does not answer now`;
}

/** @param {Sending} sending */
function describeSending({ store, lostUntil_ms }) {
  if (store === null) {
    return '';
  }
  if (lostUntil_ms === null) {
    return `straight to ${nameOf(store)}`;
  }
  const until = formatTime(new Date(lostUntil_ms));
  return `through this gallery until ${until}: ${nameOf(store)} was out of reach for this browser`;
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
 * `312 of 1,204 photos from this gallery to Cloudinary, about 5 min left`.
 *
 * @param {Migration} migration
 * @param {Date} now
 */
function describeMigration(migration, now) {
  const { from, to, state, back, moved, left, refused, ended_at } = migration;
  const total = moved + left;
  const way = `from ${nameOf(from)}${back ? ' back' : ''} to ${nameOf(to)}`;
  const notTaken = refused > 0 ? `; ${formatCount(refused)} not taken there` : '';
  if (state === 'done') {
    const when = ended_at === null ? '' : `, ended ${formatAgo(ended_at, now)}`;
    return line('Moving', `${countPhotos(moved)} ${way}${when}${notTaken}`, { isBad: refused > 0 });
  }
  const words = `${formatCount(moved)} of ${countPhotos(total)} ${way}${outlookOf(migration)}${notTaken}`;
  const isBad = refused > 0 || migration.problem !== '';
  return line('Moving', words, { isBad, share: total === 0 ? 0 : moved / total });
}

/** @param {Migration} migration */
function outlookOf({ state, problem, eta_s }) {
  if (state === 'paused') {
    return ', paused';
  }
  if (problem) {
    return `, resting: ${problem}`;
  }
  return eta_s === null ? '' : `, about ${formatDuration(eta_s)} left`;
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
