/**
 * The justified rows, computed: the same arithmetic that the browser does for image-grid.css, so that rows far
 * off-screen can give way to a box of exactly their height, without measuring anything.
 */

/** Shapes are clamped to these, in hundredths of width over height; ratios.css has a class for each. */
export const NARROWEST = 30;
export const WIDEST = 400;

/**
 * Width over height in hundredths, clamped. Whole, and rounded down, so that the template and the script agree.
 *
 * @param {{ width: number, height: number }} size
 */
export function ratioOf({ width, height }) {
  return Math.min(WIDEST, Math.max(NARROWEST, Math.floor((width * 100) / height)));
}

/**
 * How the grid is laid out, in pixels but for the last two.
 *
 * @typedef {object} Frame
 * @property {number} width  of the grid
 * @property {number} row  least height of a row
 * @property {number} gap  between two images
 * @property {number} widest  no image is given a wider shape than this, in width over height
 * @property {number} most  no row grows higher than so many times `row`
 */

/**
 * Images `start` up to but not including `end` stand side by side, `height` pixels high.
 *
 * @typedef {{ start: number, end: number, height: number }} Row
 */

/**
 * The rows that images of these shapes fill.
 *
 * @param {readonly number[]} ratios  in hundredths
 * @param {Frame} frame
 * @returns {Row[]}
 */
export function rowsOf(ratios, { width, row, gap, widest, most }) {
  /** @type {Row[]} */
  const rows = [];
  if (width <= 0) {
    return rows; // not in sight: nothing has a size
  }
  let start = 0;
  let sum = 0;
  const close = (/** @type {number} */ end, /** @type {number} */ highest) => {
    const filled = ((width - gap * (end - start - 1)) * 100) / sum;
    rows.push({ start, end, height: Math.min(filled, row * highest) });
    start = end;
    sum = 0;
  };
  for (const [index, ratio] of ratios.entries()) {
    const shape = Math.min(ratio, widest * 100);
    if (index > start && ((sum + shape) / 100) * row + gap * (index - start) > width) {
      close(index, most);
    }
    sum += shape;
  }
  if (sum > 0) {
    close(ratios.length, 1);
  }
  return rows;
}

/**
 * Rows to draw, or a box in place of rows.
 *
 * @typedef {{ start: number, end: number, space: 0 } | { start: number, end: number, space: number }} Segment
 */

/**
 * Splits rows into those to draw and boxes for the rest: drawn is what touches the pixels from `top` to `bottom`
 * (counted from the top of the first row) and the rows of the images in `keep`. `space` is a box's height, 0 for
 * images that are drawn.
 *
 * @param {readonly Row[]} rows
 * @param {{ top: number, bottom: number, gap: number, keep?: readonly number[] }} sight
 * @returns {Segment[]}
 */
export function segmentsOf(rows, { top, bottom, gap, keep = [] }) {
  /** @type {Segment[]} */
  const segments = [];
  let y = 0;
  for (const { start, end, height } of rows) {
    const drawn = (y + height >= top && y <= bottom) || keep.some((index) => index >= start && index < end);
    const last = segments.at(-1);
    if (last && drawn === (last.space === 0)) {
      last.end = end;
      last.space += drawn ? 0 : height + gap;
    } else {
      segments.push({ start, end, space: drawn ? 0 : height });
    }
    y += height + gap;
  }
  return segments;
}

/**
 * How high all rows are together.
 *
 * @param {readonly Row[]} rows
 * @param {number} gap
 */
export function heightOf(rows, gap) {
  return rows.reduce((sum, row) => sum + row.height + gap, -gap);
}

/**
 * The image that a key leads to from another.
 *
 * @param {number} index
 * @param {string} key  as a keyboard event names it
 * @param {{ ratios: readonly number[], rows: readonly Row[] }} grid
 * @returns {number} its index, -1 for a key that leads nowhere
 */
export function stepFrom(index, key, { ratios, rows }) {
  switch (key) {
    case 'ArrowLeft':
      return index - 1;
    case 'ArrowRight':
      return index + 1;
    case 'Home':
      return 0;
    case 'End':
      return (rows.at(-1)?.end ?? 0) - 1;
    case 'ArrowUp':
      return stepRow(rows, ratios, { index, by: -1 });
    case 'ArrowDown':
      return stepRow(rows, ratios, { index, by: 1 });
    default:
      return -1;
  }
}

/**
 * The image in the row above or below whose middle is nearest.
 *
 * @param {readonly Row[]} rows
 * @param {readonly number[]} ratios
 * @param {{ index: number, by: 1 | -1 }} step
 * @returns {number} its index, -1 if there is no such row
 */
function stepRow(rows, ratios, { index, by }) {
  const at = rows.findIndex(({ end }) => index < end);
  const from = rows[at];
  const to = rows[at + by];
  if (!from || !to) {
    return -1;
  }
  const middle = middleOf(from, ratios, index);
  let nearest = to.start;
  for (let each = to.start; each < to.end; each += 1) {
    const distance = Math.abs(middleOf(to, ratios, each) - middle);
    if (distance < Math.abs(middleOf(to, ratios, nearest) - middle)) {
      nearest = each;
    }
  }
  return nearest;
}

/**
 * Pixels from the left, the gaps left out.
 *
 * @param {Row} row
 * @param {readonly number[]} ratios
 * @param {number} index
 */
function middleOf({ start, height }, ratios, index) {
  const before = ratios.slice(start, index).reduce((sum, ratio) => sum + ratio, 0);
  return ((before + (ratios[index] ?? 0) / 2) * height) / 100;
}
