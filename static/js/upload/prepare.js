/** @import { Arrival, Limits, Look, Prepare, Ready, Setback, Similar } from '../types.js' */
/** @import { Question, Reply } from './calls.js' */

import { contentTypeOf, sizeRefusal } from '../lib/check.js';
import { questionOf } from './calls.js';
import { answered, isPassing, refused, setbackOf, unreadable } from './setback.js';

/**
 * Looks at a file, and asks the server about it: what it has already is not sent, and what looks like one of its
 * images waits for the person.
 *
 * @param {{ look: Look, ask: (question: Question) => Promise<Reply>, limits: Limits }} parts
 * @returns {Prepare}
 */
export function prepareWith({ look, ask, limits }) {
  return async ({ file, facts, signal, tell }) => {
    const onStart = () => tell({ state: 'hashing' });
    const found = facts.looked ?? (await look(file, { signal, onStart }));
    if (!found) {
      return unreadable(file.name);
    }
    const looked = { ...found, content_type: await contentTypeOf(file) };
    tell({ facts: { looked } });
    const tooLarge = sizeRefusal(file.name, looked, limits);
    if (tooLarge) {
      return refused(tooLarge);
    }
    if (!looked.sha256) {
      return { state: 'ready' };
    }
    try {
      return meaning(await ask(questionOf(file, looked)), file.name);
    } catch (error) {
      // What else goes wrong with asking need not go wrong with sending, which says it better.
      return isPassing(error) ? setbackOf(error, file) : { state: 'ready' };
    }
  };
}

/**
 * @param {Reply} reply
 * @param {string} name
 * @returns {Ready | Similar | Arrival | Setback}
 */
function meaning(reply, name) {
  if (reply.image) {
    return { state: 'duplicate', image: reply.image };
  }
  // 415: it is called otherwise than a picture. Its first bytes say that it is one, and they decide.
  if (reply.status !== undefined && reply.status !== 415) {
    return answered(reply, name);
  }
  return reply.similar?.length ? { state: 'similar', similar: reply.similar } : { state: 'ready' };
}
