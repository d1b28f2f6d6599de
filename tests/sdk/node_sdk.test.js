// Cloudinary's Node SDK, unchanged, against the gallery that CLOUDINARY_URL names.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { v2 as cloudinary } from 'cloudinary';

const { uploader } = cloudinary;
const { PHOTO = '', LARGE = '' } = process.env;
const PUBLIC_ID = /^[a-z0-9]{20}$/;

/** @returns {string} a name that no other test has */
const name = () => `node/${randomBytes(6).toString('hex')}`;

/** @param {(done: (error?: any, result?: any) => void) => NodeJS.WritableStream} open */
const written = (open, /** @type {Buffer} */ content) =>
  new Promise((resolve, reject) => {
    const stream = open((error, result) => (error ? reject(error) : resolve(result)));
    // In pieces, so that nobody knows the length when it begins.
    for (let at = 0; at < content.length; at += 1000) {
      stream.write(content.subarray(at, at + 1000));
    }
    stream.end();
  });

/** @param {string} publicId @returns {Promise<Buffer>} */
const original = async (publicId, options = {}) => {
  const answer = await fetch(cloudinary.utils.private_download_url(publicId, '', options));
  assert.equal(answer.status, 200);
  return Buffer.from(await answer.arrayBuffer());
};

test('uploads a file by its path', async () => {
  const answer = await uploader.upload(PHOTO, { tags: ['a', 'b'], context: { k: 'v|w=x' } });

  assert.match(answer.public_id, PUBLIC_ID);
  assert.deepEqual(answer.tags, ['a', 'b']);
  assert.deepEqual(answer.context, { custom: { k: 'v|w=x' } });
  const built = cloudinary.url(answer.public_id, {
    version: answer.version,
    format: answer.format,
    secure: false,
    urlAnalytics: false,
  });
  assert.equal(answer.url, built);
  assert.match(answer.signature, /^[0-9a-f]{40}$/);
});

test('uploads a stream whose length nobody knows', async () => {
  const content = readFileSync(PHOTO);

  const answer = await written((done) => uploader.upload_stream({ public_id: name() }, done), content);

  assert.equal(answer.bytes, content.length);
  assert.deepEqual(await original(answer.public_id), content);
});

test('uploads a data URI', async () => {
  const content = readFileSync(PHOTO);

  const answer = await uploader.upload(`data:image/jpeg;base64,${content.toString('base64')}`);

  assert.deepEqual(await original(answer.public_id), content);
});

test('uploads a large file in chunks', async () => {
  const public_id = name();

  const answer = await new Promise((resolve, reject) => {
    uploader.upload_large(
      LARGE,
      { resource_type: 'image', chunk_size: 5_000_000, public_id },
      (/** @type {any} */ error, /** @type {any} */ result) => (error ? reject(error) : resolve(result)),
    );
  });

  assert.equal(answer.public_id, public_id);
  assert.deepEqual(await original(public_id), readFileSync(LARGE));
});

test('uploads a stream in chunks', async () => {
  const content = readFileSync(LARGE);

  const answer = await written(
    (done) => uploader.upload_chunked_stream({ resource_type: 'image', chunk_size: 5_000_000 }, done),
    content,
  );

  assert.match(answer.public_id, PUBLIC_ID);
  assert.deepEqual(await original(answer.public_id), content);
});

test('keeps a raw file', async () => {
  const answer = await written(
    (done) => uploader.upload_stream({ resource_type: 'raw', public_id: `${name()}.txt` }, done),
    Buffer.from('a raw file'),
  );

  assert.equal(answer.resource_type, 'raw');
  const kept = await original(answer.public_id, { resource_type: 'raw' });
  assert.equal(kept.toString(), 'a raw file');
});

test('derives eagerly and looks closer', async () => {
  const answer = await uploader.upload(PHOTO, {
    eager: [{ width: 40, height: 30, crop: 'fill' }],
    colors: true,
    phash: true,
  });

  assert.deepEqual([answer.eager[0].width, answer.eager[0].height], [40, 30]);
  assert.match(answer.phash, /^[0-9a-f]{16}$/);
  assert.ok(answer.colors?.length);
});

test('renames, tells of it, tags it, and destroys it', async () => {
  const [before, after] = [name(), name()];
  const { asset_id } = await uploader.upload(PHOTO, { public_id: before });

  assert.equal((await uploader.rename(before, after)).asset_id, asset_id);
  await uploader.add_tag('x', [after]);
  await uploader.replace_tag('y', [after]);
  await uploader.add_context('k=v', [after]);
  const told = await uploader.explicit(after, { type: 'upload' });
  assert.deepEqual([told.tags, told.context], [['y'], { custom: { k: 'v' } }]);
  await uploader.remove_all_tags([after]);
  await uploader.remove_all_context([after]);
  assert.deepEqual((await uploader.explicit(after, { type: 'upload' })).tags, []);
  assert.equal((await uploader.destroy(after)).result, 'ok');
  assert.equal((await uploader.destroy(after)).result, 'not found');
});

test('reads every refusal', async () => {
  /** @param {Promise<unknown>} call */
  const refused = async (call, /** @type {number} */ status, /** @type {RegExp} */ message) => {
    /** @type {any} */
    const error = await call.then(
      () => assert.fail('it was taken'),
      (reason) => reason,
    );
    assert.equal(error.http_code, status);
    assert.match(error.message, message);
  };

  await refused(uploader.upload(PHOTO, { api_secret: 'another' }), 401, /^Invalid Signature/);
  await refused(uploader.upload(PHOTO, { public_id: '../x' }), 400, /^public_id/);
  await refused(uploader.upload('data:image/png;base64,AAAA'), 400, /^Invalid image file/);
  await refused(uploader.explicit(name(), { type: 'upload' }), 404, /^Resource not found/);
  await refused(uploader.explode(name(), { page: 'all' }), 501, /501/);
});
