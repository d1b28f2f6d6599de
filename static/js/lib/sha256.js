/**
 * SHA-256 (FIPS 180-4) of bytes that come piece by piece. `crypto.subtle` wants all of them at once, and is missing
 * where a home network serves plain HTTP.
 */

const BLOCK_BYTES = 64;
const LENGTH_BYTES = 8;

/** The first 32 bits of the fractions of the cube roots of the first 64 primes; of the square roots of the first 8. */
const ROUNDS = Int32Array.from(primes(64), (prime) => fraction(Math.cbrt(prime)));
const BEGINNING = Int32Array.from(primes(8), (prime) => fraction(Math.sqrt(prime)));

export class Sha256 {
  #state = BEGINNING.slice();
  #schedule = new Int32Array(BLOCK_BYTES);
  /** What does not fill a block yet. */
  #rest = new Uint8Array(BLOCK_BYTES);
  #restBytes = 0;
  #bytes = 0;

  /** @param {Uint8Array} bytes  the next piece */
  update(bytes) {
    this.#bytes += bytes.length;
    let at = 0;
    if (this.#restBytes > 0) {
      at = Math.min(BLOCK_BYTES - this.#restBytes, bytes.length);
      this.#keep(bytes.subarray(0, at));
      if (this.#restBytes < BLOCK_BYTES) {
        return;
      }
      this.#mix(this.#rest, 0);
      this.#restBytes = 0;
    }
    for (; at + BLOCK_BYTES <= bytes.length; at += BLOCK_BYTES) {
      this.#mix(bytes, at);
    }
    this.#keep(bytes.subarray(at));
  }

  /** The hash of all pieces, in hexadecimal. Nothing can be added after it. */
  digest() {
    const bits = BigInt(this.#bytes) * 8n;
    const fill = BLOCK_BYTES - ((this.#bytes + LENGTH_BYTES) % BLOCK_BYTES);
    const end = new Uint8Array(fill + LENGTH_BYTES);
    end[0] = 0x80;
    new DataView(end.buffer).setBigUint64(fill, bits);
    this.update(end);
    return Array.from(this.#state, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  }

  /** @param {Uint8Array} bytes */
  #keep(bytes) {
    this.#rest.set(bytes, this.#restBytes);
    this.#restBytes += bytes.length;
  }

  /**
   * @param {Uint8Array} bytes
   * @param {number} at  where the block begins
   */
  #mix(bytes, at) {
    const words = this.#schedule;
    const view = new DataView(bytes.buffer, bytes.byteOffset + at, BLOCK_BYTES);
    for (let i = 0; i < 16; i += 1) {
      words[i] = view.getInt32(4 * i);
    }
    for (let i = 16; i < 64; i += 1) {
      words[i] = word(words, i - 16) + small0(word(words, i - 15)) + word(words, i - 7) + small1(word(words, i - 2));
    }
    let [a, b, c, d, e, f, g, h] = /** @type {[number, number, number, number, number, number, number, number]} */ (
      /** @type {unknown} */ (this.#state)
    );
    for (let i = 0; i < 64; i += 1) {
      const first = (h + large1(e) + ((e & f) ^ (~e & g)) + word(ROUNDS, i) + word(words, i)) | 0;
      const second = (large0(a) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) | 0, c, b, a, (first + second) | 0];
    }
    this.#add([a, b, c, d, e, f, g, h]);
  }

  /** @param {number[]} words */
  #add(words) {
    for (const [i, value] of words.entries()) {
      this.#state[i] = word(this.#state, i) + value;
    }
  }
}

/**
 * @param {Int32Array} words
 * @param {number} at  always inside
 */
function word(words, at) {
  return /** @type {number} */ (words[at]);
}

/**
 * @param {number} value
 * @param {number} bits
 */
function turned(value, bits) {
  return (value >>> bits) | (value << (32 - bits));
}

/** @param {number} value */
function small0(value) {
  return turned(value, 7) ^ turned(value, 18) ^ (value >>> 3);
}

/** @param {number} value */
function small1(value) {
  return turned(value, 17) ^ turned(value, 19) ^ (value >>> 10);
}

/** @param {number} value */
function large0(value) {
  return turned(value, 2) ^ turned(value, 13) ^ turned(value, 22);
}

/** @param {number} value */
function large1(value) {
  return turned(value, 6) ^ turned(value, 11) ^ turned(value, 25);
}

/** @param {number} count */
function primes(count) {
  /** @type {number[]} */
  const found = [];
  for (let candidate = 2; found.length < count; candidate += 1) {
    if (found.every((prime) => candidate % prime !== 0)) {
      found.push(candidate);
    }
  }
  return found;
}

/** @param {number} root */
function fraction(root) {
  return Math.floor((root % 1) * 2 ** 32) | 0;
}
