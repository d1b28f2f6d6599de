/** @import { Changes, ImageJson } from '../types.js' */

/** @typedef {keyof Changes} Field */
/** @typedef {string | string[]} Value */

/**
 * What a person wants a field to say, and how far that got.
 *
 * @typedef {object} Draft
 * @property {Value} base  what the field said when it was changed
 * @property {Value} value  what it shall say
 * @property {'waiting' | 'sending' | 'failed' | 'clash'} state  clash: somebody else changed the same field
 * @property {string} reason  of a failure, in people's words
 */

/**
 * The changes of a person that the server has not taken yet, of every image: nothing typed is lost when the person
 * pages on before the answer is there.
 *
 * One request for an image runs at a time, because each must name the version that the one before has made.
 */
export class Edits {
  /** @type {Map<string, Map<Field, Draft>>} */
  #drafts = new Map();

  /** @type {Map<string, Changes>} requests under way, by the id of their image */
  #sent = new Map();

  /**
   * The drafts of an image, by field.
   *
   * @param {string} id
   * @returns {ReadonlyMap<Field, Readonly<Draft>>}
   */
  of(id) {
    return this.#drafts.get(id) ?? new Map();
  }

  /**
   * The person has finished typing. Says whether that changes anything.
   *
   * @param {ImageJson} image  as it is known now
   * @param {Field} field
   * @param {Value} value
   * @param {Value} shown  what the field showed when the typing began
   */
  commit(image, field, value, shown) {
    const draft = this.of(image.id).get(field);
    if (same(value, draft ? draft.value : shown)) {
      return false;
    }
    // The news of our own change may come before its answer: that is no clash.
    const base = !draft || same(image[field], draft.value) ? shown : draft.base;
    this.#put(image.id, field, met({ base, value, state: 'waiting', reason: '' }, image[field]));
    return true;
  }

  /**
   * What is to be sent for an image now; null when there is nothing, or a request for it is under way.
   *
   * @param {string} id
   * @returns {Changes | null}
   */
  next(id) {
    const waiting = [...this.of(id)].filter(([, { state }]) => state === 'waiting');
    if (waiting.length === 0 || this.#sent.has(id)) {
      return null;
    }
    for (const [field, draft] of waiting) {
      this.#put(id, field, { ...draft, state: 'sending' });
    }
    /** @type {Changes} */
    const changes = Object.fromEntries(waiting.map(([field, { value }]) => [field, value]));
    this.#sent.set(id, changes);
    return changes;
  }

  /**
   * The server has taken what was sent.
   *
   * @param {string} id
   * @returns {Field[]} the fields that now say what the person wants
   */
  saved(id) {
    return this.#answered(id)
      .filter(([field, value, draft]) => {
        if (draft.state === 'sending') {
          this.#drop(id, field);
          return true;
        }
        this.#put(id, field, { ...draft, base: value }); // changed again in the meantime
        return false;
      })
      .map(([field]) => field);
  }

  /**
   * The server has not taken what was sent. With `newer`, because the image was changed in the meantime: what touches
   * other fields is sent again, the same field is the person's to decide.
   *
   * @param {string} id
   * @param {string} reason
   * @param {ImageJson} [newer]
   */
  refused(id, reason, newer) {
    for (const [field, , draft] of this.#answered(id)) {
      if (newer && same(newer[field], draft.value)) {
        this.#drop(id, field);
      } else if (newer) {
        this.#put(id, field, met({ ...draft, state: 'waiting' }, newer[field]));
      } else if (draft.state === 'sending') {
        this.#put(id, field, { ...draft, state: 'failed', reason });
      }
    }
  }

  /**
   * After a failure: try again. After a clash: over what the other wrote.
   *
   * @param {ImageJson} image
   * @param {Field} field
   */
  insist(image, field) {
    const draft = this.of(image.id).get(field);
    if (draft) {
      this.#put(image.id, field, { ...draft, base: image[field], state: 'waiting', reason: '' });
    }
  }

  /**
   * Forgets what the person wanted of a field.
   *
   * @param {string} id
   * @param {Field} field
   */
  discard(id, field) {
    this.#drop(id, field);
  }

  /**
   * What was sent for an image, each field with its value and its draft; no longer under way.
   *
   * @param {string} id
   * @returns {[Field, Value, Draft][]}
   */
  #answered(id) {
    const sent = Object.entries(this.#sent.get(id) ?? {});
    this.#sent.delete(id);
    return sent.flatMap(([name, value]) => {
      const field = /** @type {Field} */ (name);
      const draft = this.of(id).get(field);
      return draft ? [[field, value, draft]] : []; // a discarded draft has nothing to learn
    });
  }

  /**
   * @param {string} id
   * @param {Field} field
   * @param {Draft} draft
   */
  #put(id, field, draft) {
    const drafts = this.#drafts.get(id) ?? new Map();
    this.#drafts.set(id, drafts.set(field, draft));
  }

  /**
   * @param {string} id
   * @param {Field} field
   */
  #drop(id, field) {
    const drafts = this.#drafts.get(id);
    drafts?.delete(field);
    if (drafts?.size === 0) {
      this.#drafts.delete(id);
    }
  }
}

/**
 * The draft once it has met what the field says now. Words that both changed clash; lists of tags join.
 *
 * @param {Draft} draft
 * @param {Value} now
 * @returns {Draft}
 */
function met(draft, now) {
  if (same(now, draft.base)) {
    return draft;
  }
  if (Array.isArray(now) && Array.isArray(draft.base) && Array.isArray(draft.value)) {
    return { ...draft, base: now, value: joined(draft.base, draft.value, now) };
  }
  return { ...draft, base: now, state: 'clash' };
}

/**
 * @param {string[]} base
 * @param {string[]} mine
 * @param {string[]} theirs
 */
function joined(base, mine, theirs) {
  const kept = theirs.filter((tag) => mine.includes(tag) || !base.includes(tag));
  return [...kept, ...mine.filter((tag) => !base.includes(tag) && !theirs.includes(tag))];
}

/**
 * @param {Value} one
 * @param {Value} other
 */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
