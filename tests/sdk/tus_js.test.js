// tus-js-client, unchanged, against the gallery at GALLERY.

import assert from 'node:assert/strict';
import { createReadStream, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { test } from 'node:test';
import { Upload } from 'tus-js-client';

const { GALLERY = '', PHOTO = '', LARGE = '' } = process.env;
const VERSION = { 'Tus-Resumable': '1.0.0' };

/**
 * @param {any} file
 * @param {Partial<import('tus-js-client').UploadOptions>} [options]
 * @returns {Promise<string>} the address of the upload, when all is sent
 */
const uploaded = (file, options = {}) =>
  new Promise((resolve, reject) => {
    const upload = new Upload(file, {
      endpoint: `${GALLERY}/api/tus`,
      retryDelays: [0, 50, 50, 100],
      onError: reject,
      onSuccess: () => resolve(String(upload.url)),
      ...options,
    });
    upload.start();
  });

/** @param {string} url */
const state = async (url) => {
  const answer = await fetch(`${GALLERY}/api/uploads/${url.split('/').at(-1)}`);
  return answer.json();
};

/** @param {string} url @param {Buffer} content */
const isImage = async (url, content) => {
  const { status, image } = await state(url);
  assert.equal(status, 'ready');
  const original = await fetch(`${GALLERY}/api/images/${image.id}/original`);
  assert.deepEqual(Buffer.from(await original.arrayBuffer()), content);
  await fetch(`${GALLERY}/api/images/${image.id}?permanent=true`, { method: 'DELETE' });
  return image;
};

/**
 * Stands between client and gallery, and breaks the first line on which that many bytes came.
 *
 * @param {number} bytes
 */
const brittle = async (bytes) => {
  let left = bytes;
  let broken = 0;
  const { hostname, port } = new URL(GALLERY);
  const server = createServer((line) => {
    const onward = connect(Number(port), hostname);
    line.on('error', () => {});
    onward.on('error', () => {});
    line.on('data', (data) => {
      left -= data.length;
      if (left < 0 && !broken) {
        broken += 1;
        line.destroy();
        onward.end();
        return;
      }
      onward.write(data);
    });
    line.on('end', () => onward.end());
    onward.pipe(line);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(null)));
  const address = /** @type {import('node:net').AddressInfo} */ (server.address());
  return { endpoint: `http://127.0.0.1:${address.port}/api/tus`, broken: () => broken, close: () => server.close() };
};

test('uploads a file with what is said of it', async () => {
  const content = readFileSync(PHOTO);
  const metadata = { filename: 'Strand ü.jpg', filetype: 'image/jpeg', description: 'The sea', tags: '["a"]' };

  const image = await isImage(await uploaded(content, { metadata }), content);

  assert.equal(image.filename, 'Strand ü.jpg');
  assert.equal(image.description, 'The sea');
  assert.deepEqual(image.tags, ['a']);
});

test('uploads a stream in pieces', async () => {
  const content = readFileSync(LARGE);
  /** @type {number[]} */
  const accepted = [];

  const url = await uploaded(createReadStream(LARGE), {
    chunkSize: 1_000_000,
    uploadSize: content.length,
    onChunkComplete: (_size, bytes) => accepted.push(bytes),
  });

  assert.equal(accepted.length, Math.ceil(content.length / 1_000_000));
  await isImage(url, content);
});

test('sends the first piece with the creation', async () => {
  const content = readFileSync(LARGE);

  await isImage(await uploaded(content, { uploadDataDuringCreation: true, chunkSize: 2_000_000 }), content);
});

test('names its methods in a header', async () => {
  const content = readFileSync(PHOTO);

  await isImage(await uploaded(content, { overridePatchMethod: true }), content);
});

test('goes on by itself when the line breaks', async () => {
  const content = readFileSync(LARGE);
  const proxy = await brittle(3_000_000);
  /** @type {string[]} */
  const methods = [];

  const url = await uploaded(content, {
    endpoint: proxy.endpoint,
    onBeforeRequest: (request) => void methods.push(request.getMethod()),
  });
  proxy.close();

  assert.equal(proxy.broken(), 1);
  assert.deepEqual(methods.slice(0, 3), ['POST', 'PATCH', 'HEAD']);
  await isImage(url, content);
});

test('goes on where another one stopped', async () => {
  const content = readFileSync(LARGE);
  const url = await new Promise((resolve, reject) => {
    const upload = new Upload(content, {
      endpoint: `${GALLERY}/api/tus`,
      chunkSize: 1_000_000,
      onError: reject,
      onChunkComplete: (_size, bytes) => {
        if (bytes >= 2_000_000) {
          upload.abort().then(() => resolve(upload.url));
        }
      },
    });
    upload.start();
  });
  assert.equal((await state(url)).status, 'pending');
  /** @type {number[]} */
  const sent = [];

  await uploaded(content, { uploadUrl: url, onProgress: (bytes) => sent.push(bytes) });

  assert.ok(Number(sent[0]) >= 2_000_000);
  await isImage(url, content);
});

test('hears that all is there already', async () => {
  const content = readFileSync(PHOTO);
  const url = await uploaded(content);

  assert.equal(await uploaded(content, { uploadUrl: url }), url);

  await isImage(url, content);
});

test('ends an upload', async () => {
  const url = await new Promise((resolve, reject) => {
    const upload = new Upload(readFileSync(LARGE), {
      endpoint: `${GALLERY}/api/tus`,
      chunkSize: 1_000_000,
      onError: reject,
      onChunkComplete: () => upload.abort(true).then(() => resolve(upload.url)),
    });
    upload.start();
  });

  assert.equal((await fetch(url, { method: 'HEAD', headers: VERSION })).status, 404);
});

test('hears why a file is refused', async () => {
  await assert.rejects(
    uploaded(Buffer.from('hello'), { metadata: { filename: 'a.txt' } }),
    (/** @type {any} */ error) => {
      assert.equal(error.originalResponse.getStatus(), 415);
      assert.match(error.originalResponse.getBody(), /a\.txt: .*unsupported_format/);
      return true;
    },
  );
  await assert.rejects(uploaded(Buffer.alloc(9 * 1024 ** 2)), /too_large/);
});
