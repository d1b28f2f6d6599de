import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { heightOf, NARROWEST, ratioOf, rowsOf, segmentsOf, stepFrom, WIDEST } from '../../static/js/lib/rows.js';

const FRAME = { width: 1000, row: 200, gap: 10, widest: 4, most: 2 };

test('ratios.css has a class for every shape that a card can have', () => {
  const css = readFileSync(new URL('../../static/css/components/ratios.css', import.meta.url), 'utf8');
  const wanted = [];
  for (let ratio = NARROWEST; ratio <= WIDEST; ratio += 1) {
    wanted.push(`.image-card--r${ratio} {\n  --image-card-ratio: ${ratio / 100};\n}\n`);
  }
  assert.equal(css.slice(css.indexOf('.image-card')), wanted.join(''));
});

test('a shape is width over height in whole hundredths, rounded down', () => {
  assert.equal(ratioOf({ width: 4000, height: 3000 }), 133);
  assert.equal(ratioOf({ width: 3000, height: 4000 }), 75);
});

test('a shape is clamped', () => {
  assert.equal(ratioOf({ width: 10_000, height: 10 }), WIDEST);
  assert.equal(ratioOf({ width: 10, height: 10_000 }), NARROWEST);
});

test('a full row is exactly as wide as the grid', () => {
  const ratios = [150, 150, 150, 150, 150];
  const [first] = rowsOf(ratios, FRAME);
  assert.deepEqual([first?.start, first?.end], [0, 3]);
  const used = (450 / 100) * (first?.height ?? 0) + 2 * FRAME.gap;
  assert(Math.abs(used - FRAME.width) < 1e-6);
});

test('the last row is not stretched', () => {
  assert.equal(rowsOf([150, 150, 150, 150], FRAME).at(-1)?.height, FRAME.row);
});

test('an image wider than the grid shrinks to it', () => {
  assert.deepEqual(rowsOf([400], { ...FRAME, width: 400 }), [{ start: 0, end: 1, height: 100 }]);
});

test('a row that fits to the pixel is not broken', () => {
  assert.equal(rowsOf([245, 250], FRAME).length, 1);
  assert.equal(rowsOf([246, 250], FRAME).length, 2);
});

test('a row that the next image leaves nearly empty does not grow without end', () => {
  assert.equal(rowsOf([66, 400], { ...FRAME, width: 800 })[0]?.height, 2 * FRAME.row);
});

test('an image wider than the grid allows is cut, and leaves room for others', () => {
  const rows = rowsOf([100, 30, 400], { ...FRAME, widest: 3 });
  assert.deepEqual(
    rows.map(({ start, end }) => [start, end]),
    [[0, 3]],
  );
});

test('a grid that is not in sight has no rows', () => {
  assert.deepEqual(rowsOf([150], { ...FRAME, width: 0 }), []);
});

test('rows out of sight become one box of exactly their height', () => {
  const rows = rowsOf(Array(30).fill(150), FRAME);
  const segments = segmentsOf(rows, { top: 1000, bottom: 1300, gap: FRAME.gap });
  assert.deepEqual(
    segments.map(({ space }) => space > 0),
    [true, false, true],
  );
  const drawn = rows.filter((row) => segments[1] && row.start >= segments[1].start && row.end <= segments[1].end);
  const spaces = segments.reduce((sum, { space }) => sum + space, 0);
  assert(Math.abs(spaces + heightOf(drawn, FRAME.gap) + 2 * FRAME.gap - heightOf(rows, FRAME.gap)) < 1e-6);
});

test('what is kept is drawn wherever it is', () => {
  const rows = rowsOf(Array(30).fill(150), FRAME);
  const segments = segmentsOf(rows, { top: 0, bottom: 10, gap: FRAME.gap, keep: [29] });
  assert.deepEqual(
    segments.map(({ start, end, space }) => [start, end, space > 0]),
    [
      [0, 3, false],
      [3, 27, true],
      [27, 30, false],
    ],
  );
});

test('arrow keys lead to the neighbour, and to the nearest one above or below', () => {
  const ratios = [150, 150, 150, 100, 100, 100, 100];
  const grid = { ratios, rows: rowsOf(ratios, FRAME) };
  assert.equal(stepFrom(1, 'ArrowLeft', grid), 0);
  assert.equal(stepFrom(1, 'ArrowRight', grid), 2);
  assert.equal(stepFrom(0, 'ArrowDown', grid), 3);
  assert.equal(stepFrom(2, 'ArrowDown', grid), 6);
  assert.equal(stepFrom(6, 'ArrowUp', grid), 2);
  assert.equal(stepFrom(0, 'ArrowUp', grid), -1);
  assert.equal(stepFrom(4, 'Home', grid), 0);
  assert.equal(stepFrom(0, 'End', grid), 6);
  assert.equal(stepFrom(0, 'x', grid), -1);
});
