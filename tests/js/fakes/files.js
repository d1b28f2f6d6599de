/** How every JPEG begins. */
const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0, 0, 16, 0x4a, 0x46, 0x49, 0x46]);

/** A file that is read without a detour through a thread, so that a test knows when that is done. */
export class QuickFile extends File {
  #bytes;

  /**
   * @param {string} name
   * @param {Uint8Array<ArrayBuffer>} [bytes]
   */
  constructor(name, bytes = JPEG) {
    super([bytes], name);
    this.#bytes = bytes;
  }

  /**
   * @param {number} [start]
   * @param {number} [end]
   */
  slice(start, end) {
    const part = this.#bytes.slice(start, end);
    return Object.assign(new Blob([part]), { arrayBuffer: () => Promise.resolve(part.buffer) });
  }
}

/** A file that was deleted after it was chosen. */
export class LostFile extends QuickFile {
  slice() {
    const lost = () => Promise.reject(new DOMException('The file could not be found', 'NotFoundError'));
    return Object.assign(new Blob(), { arrayBuffer: lost });
  }
}
