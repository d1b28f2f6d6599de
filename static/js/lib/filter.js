/** @import { Filter, ImageJson } from '../types.js' */

/**
 * The filter that an address asks for.
 *
 * @param {URLSearchParams} query
 * @returns {Filter}
 */
export function parseFilter(query) {
  const filter = { q: (query.get('q') ?? '').trim(), tags: query.getAll('tag') };
  return query.get('status') === 'trashed' ? { ...filter, trashed: true } : filter;
}

/**
 * The filter as an address spells it; empty if it asks for everything.
 *
 * @param {Filter} filter
 */
export function formatFilter({ q, tags, trashed = false }) {
  const query = new URLSearchParams();
  if (trashed) {
    query.set('status', 'trashed');
  }
  if (q) {
    query.set('q', q);
  }
  for (const tag of tags) {
    query.append('tag', tag);
  }
  return query;
}

/**
 * Where the list of a filter is shown, from its beginning or from a cursor.
 *
 * @param {Filter} filter
 * @param {string | null} [cursor]
 */
export function addressOf(filter, cursor = null) {
  const query = formatFilter(filter);
  if (cursor) {
    query.set('cursor', cursor);
  }
  return query.size > 0 ? `/?${query}` : '/';
}

/** @param {Filter} filter */
export function isEverything({ q, tags }) {
  return !q && tags.length === 0;
}

/**
 * @param {Filter} one
 * @param {Filter} other
 */
export function sameFilter(one, other) {
  return formatFilter(one).toString() === formatFilter(other).toString();
}

/**
 * Whether an image that just arrived belongs among those shown. The server decides for what it lists; here it must
 * do without asking: all tags are there, all words are, and the last word may be the beginning of one.
 *
 * @param {Pick<ImageJson, 'description' | 'alt' | 'tags'>} image
 * @param {Filter} filter
 */
export function meets({ description, alt, tags }, filter) {
  if (!filter.tags.every((tag) => tags.includes(tag))) {
    return false;
  }
  const has = wordsOf([description, alt, ...tags].join(' '));
  const wanted = wordsOf(filter.q);
  return wanted.every((word, index) =>
    has.some((each) => (index === wanted.length - 1 ? each.startsWith(word) : each === word)),
  );
}

/** @param {string} text */
function wordsOf(text) {
  return (
    text
      .normalize('NFKD')
      .toLowerCase()
      .replace(/\p{M}/gu, '')
      .match(/[\p{L}\p{N}]+/gu) ?? []
  );
}
