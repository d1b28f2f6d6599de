/**
 * Draws the blurred stand-in of an image from its ThumbHash: about twenty bytes that hold the first few cosine
 * waves of its lightness, its two colour differences and, if it has any, its transparency. The layout of the bytes
 * is described at https://evanw.github.io/thumbhash/.
 */

/** Longer side of what is drawn, in pixels. The browser smooths it when it enlarges it. */
const SIDE = 32;

/**
 * One channel: its mean, and its waves with the number of half-periods across and down.
 *
 * @typedef {{ mean: number, waves: { x: number, y: number, strength: number }[] }} Channel
 */

/**
 * Pixels of the stand-in (RGBA, not premultiplied), or null if the text is no ThumbHash.
 *
 * @param {string} placeholder  base64
 * @returns {{ width: number, height: number, data: Uint8ClampedArray<ArrayBuffer> } | null}
 */
export function decodePlaceholder(placeholder) {
  const hash = bytesOf(placeholder);
  if (!hash) {
    return null;
  }
  const { width, height } = sizeOf(hash);
  const planes = readChannels(hash).map((channel) => planeOf(channel, width, height));
  const data = new Uint8ClampedArray(width * height * 4);
  for (let pixel = 0; pixel < width * height; pixel += 1) {
    const [lightness = 0, yellowBlue = 0, redGreen = 0, alpha = 1] = planes.map((plane) => plane[pixel]);
    const blue = lightness - (2 / 3) * yellowBlue;
    const red = (3 * lightness - blue + redGreen) / 2;
    data.set([red * 255, (red - redGreen) * 255, blue * 255, alpha * 255], pixel * 4);
  }
  return { width, height, data };
}

/**
 * Whether parts of the image can be seen through.
 *
 * @param {string} placeholder  base64
 */
export function isTransparent(placeholder) {
  const hash = bytesOf(placeholder);
  return hash !== null && header(hash).transparent;
}

/** @param {string} placeholder */
function bytesOf(placeholder) {
  try {
    const hash = Uint8Array.from(atob(placeholder), (letter) => letter.charCodeAt(0));
    return hash.length > 5 ? hash : null;
  } catch {
    return null; // atob throws for what is not base64: shown without a stand-in
  }
}

/**
 * @param {Uint8Array} hash  at least six bytes
 */
function header(hash) {
  const [b0 = 0, b1 = 0, b2 = 0, b3 = 0, b4 = 0] = hash;
  const wide = b4 >> 7 === 1;
  const transparent = b2 >> 7 === 1;
  const long = transparent ? 5 : 7;
  const short = b3 & 7;
  return {
    lightness: { mean: (b0 & 63) / 63, scale: ((b2 >> 2) & 31) / 31 },
    yellowBlue: { mean: (((b0 >> 6) | (b1 << 2)) & 63) / 31.5 - 1, scale: ((b3 >> 3) | ((b4 & 1) << 5)) / 63 },
    redGreen: { mean: (((b1 >> 4) | (b2 << 4)) & 63) / 31.5 - 1, scale: ((b4 >> 1) & 63) / 63 },
    transparent,
    across: wide ? long : short,
    down: wide ? short : long,
  };
}

/** @param {Uint8Array} hash */
function sizeOf(hash) {
  const { across, down } = header(hash);
  const side = Math.max(across, down);
  return {
    width: Math.max(1, Math.round((SIDE * across) / side)),
    height: Math.max(1, Math.round((SIDE * down) / side)),
  };
}

/**
 * Lightness, yellow against blue, red against green, transparency.
 *
 * @param {Uint8Array} hash
 * @returns {[Channel, Channel, Channel, Channel]}
 */
function readChannels(hash) {
  const { lightness, yellowBlue, redGreen, transparent, across, down } = header(hash);
  let nibble = transparent ? 12 : 10;
  const strength = (/** @type {number} */ scale) => {
    const byte = hash[nibble >> 1] ?? 0;
    const value = nibble % 2 === 0 ? byte & 15 : byte >> 4;
    nibble += 1;
    return (value / 7.5 - 1) * scale;
  };
  /** @returns {Channel['waves']} */
  const read = (/** @type {number} */ nx, /** @type {number} */ ny, /** @type {number} */ scale) =>
    triangle(nx, ny).map(([x, y]) => ({ x, y, strength: strength(scale) }));
  const colourBoost = 1.25;
  const alpha = hash[5] ?? 0;
  return [
    { mean: lightness.mean, waves: read(Math.max(3, across), Math.max(3, down), lightness.scale) },
    { mean: yellowBlue.mean, waves: read(3, 3, yellowBlue.scale * colourBoost) },
    { mean: redGreen.mean, waves: read(3, 3, redGreen.scale * colourBoost) },
    transparent ? { mean: (alpha & 15) / 15, waves: read(5, 5, (alpha >> 4) / 15) } : { mean: 1, waves: [] },
  ];
}

/**
 * The waves that are kept: the corner of low frequencies, without the mean.
 *
 * @param {number} nx
 * @param {number} ny
 * @returns {[number, number][]}
 */
function triangle(nx, ny) {
  /** @type {[number, number][]} */
  const kept = [];
  for (let y = 0; y < ny; y += 1) {
    for (let x = y === 0 ? 1 : 0; x * ny < nx * (ny - y); x += 1) {
      kept.push([x, y]);
    }
  }
  return kept;
}

/**
 * The channel's value in each pixel. The cosines of a wave are taken once for each column and row: a screen of
 * cards must not cost more than a frame.
 *
 * @param {Channel} channel
 * @param {number} width
 * @param {number} height
 */
function planeOf({ mean, waves }, width, height) {
  const plane = new Float64Array(width * height).fill(mean);
  for (const wave of waves) {
    const across = cosines(wave.x, width);
    const down = cosines(wave.y, height);
    let pixel = 0;
    for (const vertical of down) {
      for (const horizontal of across) {
        plane[pixel] = (plane[pixel] ?? 0) + 2 * wave.strength * vertical * horizontal;
        pixel += 1;
      }
    }
  }
  return plane;
}

/**
 * @param {number} halfPeriods
 * @param {number} length  in pixels
 */
function cosines(halfPeriods, length) {
  return Float64Array.from({ length }, (_, at) => Math.cos((Math.PI * halfPeriods * (at + 0.5)) / length));
}
