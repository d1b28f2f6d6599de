/** @import { StoreLimits } from '../../static/js/types.js' */

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { contentTypeOf, refusal, sizeRefusal, sniff } from '../../static/js/lib/check.js';
import { LostFile } from './fakes/files.js';

const LIMITS = {
  max_upload_bytes: 2048,
  max_pixels: 1e8,
  formats: ['JPEG', 'PNG', 'GIF', 'WebP', 'AVIF', 'TIFF'],
  store: null,
};
const CLOUDFLARE = { name: 'cloudflare', max_bytes: 1024, max_pixels: 5e7, max_side: 12_000 };

/** @type {[string, string | null][]} beginnings as letters; `\0` counts */
const BEGINNINGS = [
  ['\xff\xd8\xff\xe0', 'JPEG'],
  ['\x89PNG\r\n\x1a\n', 'PNG'],
  ['GIF89a', 'GIF'],
  ['RIFF\x10\0\0\0WEBPVP8 ', 'WebP'],
  ['II*\0\x08\0\0\0', 'TIFF'],
  ['MM\0*\0\0\0\x08', 'TIFF'],
  ['\0\0\0\x1cftypavif\0\0\0\0mif1avif', 'AVIF'],
  ['\0\0\0\x1cftypmif1\0\0\0\0mif1avif', 'AVIF'],
  ['\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'HEIC'],
  ['\0\0\0\x18ftypmp42\0\0\0\0isommp42', null],
  ['8BPS\0\x01', null],
  ['%PDF-1.7', null],
  ['<svg xmlns=', null],
  ['RIFF\x10\0\0\0WAVEfmt ', null],
  ['', null],
];

/** @param {string} letters */
function bytesOf(letters) {
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0));
}

test('a file is what its first bytes say', () => {
  for (const [letters, format] of BEGINNINGS) {
    assert.equal(sniff(bytesOf(letters)), format, JSON.stringify(letters));
  }
});

test('a file is told by what it is, not by what the browser takes it for', async () => {
  const typeOf = (/** @type {string} */ letters, /** @type {string} */ type) =>
    contentTypeOf(new File([bytesOf(letters)], 'a', { type }));
  assert.equal(await typeOf('\0\0\0\x18ftypheic\0\0\0\0mif1heic', ''), 'image/heic');
  assert.equal(await typeOf('\xff\xd8\xff\xe0', 'image/png'), 'image/jpeg');
  assert.equal(await typeOf('8BPS', 'image/vnd.adobe.photoshop'), 'image/vnd.adobe.photoshop');
  assert.equal(await typeOf('8BPS', ''), 'application/octet-stream');
});

test('an image within the limits is not refused, whatever its name', async () => {
  assert.equal(await refusal(new File([bytesOf('GIF89a')], 'letter.txt'), LIMITS), '');
});

test('the refusal of another file names it and what can be added', async () => {
  const reason = await refusal(new File([bytesOf('8BPS\0\x01')], 'poster.psd'), LIMITS);
  assert.match(reason, /^poster\.psd is not an image .* JPEG, PNG, GIF, WebP, AVIF and TIFF can be added\.$/);
});

test('a known format that is not taken is named', async () => {
  const file = new File([bytesOf('\0\0\0\x18ftypheic\0\0\0\0mif1heic')], 'IMG_1.HEIC');
  assert.match(await refusal(file, LIMITS), /^IMG_1\.HEIC is HEIC\. /);
});

test('the refusal of a file that is too large names its size, the limit and the mend', async () => {
  const file = new File([new Uint8Array(3000)], 'wall.tiff');
  assert.equal(await refusal(file, LIMITS), 'wall.tiff is 2.9 kB; at most 2 kB can be added. Save it smaller.');
});

test('an empty file is refused', async () => {
  assert.match(await refusal(new File([], 'nothing.jpg'), LIMITS), /^nothing\.jpg is empty\./);
});

test('a file that cannot be read is refused', async () => {
  assert.match(await refusal(new LostFile('gone.jpg'), LIMITS), /^gone\.jpg cannot be read\./);
});

test('a limit of the store is told with its name, the tightest of all', async () => {
  const limits = { ...LIMITS, store: CLOUDFLARE };
  assert.equal(
    await refusal(new File([new Uint8Array(3000)], 'wall.tiff'), limits),
    'wall.tiff is 2.9 kB; Cloudflare Images takes at most 1 kB. Save it smaller.',
  );
  assert.equal(await refusal(new File([bytesOf('GIF89a')], 'letter.gif'), limits), '');
});

test('a picture of too many pixels is refused, by the gallery or by its store', () => {
  const refused = (/** @type {number} */ width, /** @type {number} */ height, /** @type {StoreLimits} */ store) =>
    sizeRefusal('wall.tiff', { width, height }, { ...LIMITS, store });
  assert.equal(refused(4000, 3000, CLOUDFLARE), '');
  assert.equal(
    refused(10_001, 10_000, { ...CLOUDFLARE, max_pixels: null }),
    'wall.tiff has 100.1 megapixels; at most 100 megapixels can be added. Save it smaller.',
  );
  assert.equal(
    refused(10_000, 6000, CLOUDFLARE),
    'wall.tiff has 60 megapixels; Cloudflare Images takes at most 50 megapixels. Save it smaller.',
  );
  assert.equal(
    refused(12_500, 1000, CLOUDFLARE),
    'A side of wall.tiff has 12,500 pixels; Cloudflare Images takes at most 12,000 pixels. Save it smaller.',
  );
});

test('what a browser cannot show is not refused for its size', () => {
  assert.equal(sizeRefusal('IMG_1.HEIC', {}, { ...LIMITS, store: CLOUDFLARE }), '');
});
