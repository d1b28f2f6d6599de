/** @import { Facts, Keeper, Keeping, Kept } from '../../../static/js/types.js' */

/** A browser that keeps everything, for a test to look at. @implements {Keeper} */
export class FakeKeeper {
  /** @type {Map<string, Kept>} */
  kept = new Map();
  /** @type {Kept[]} what another page has left */
  left = [];
  /** @type {Keeping} */
  answer = 'kept';

  /** @param {Kept} kept */
  async put(kept) {
    this.kept.set(kept.key, kept);
    return this.answer;
  }

  /**
   * @param {string} key
   * @param {Facts} facts
   */
  note(key, facts) {
    const kept = this.kept.get(key);
    if (kept) {
      this.kept.set(key, { ...kept, facts });
    }
  }

  /** @param {string} key */
  drop(key) {
    this.kept.delete(key);
  }

  /** @param {(kept: Kept[]) => void} take */
  async adopt(take) {
    take(this.left.splice(0));
  }
}
