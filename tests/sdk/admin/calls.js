// Makes calls of Cloudinary's Node SDK, one by one, and prints what each was answered.
// CLOUDINARY_URL=… node calls.js '[["resources", {"tags": true}], …]'

import process from 'node:process';
import { v2 as cloudinary } from 'cloudinary';

/** @type {Record<string, (...given: any[]) => Promise<any>>} */
const api = /** @type {any} */ (cloudinary.api);

const answers = [];
for (const [name, ...given] of JSON.parse(process.argv[2] ?? '[]')) {
  try {
    answers.push(await api[name]?.(...given));
  } catch (/** @type {any} */ failure) {
    answers.push({ error: failure.error ?? failure });
  }
}
// After an error the SDK leaves its connection open, which would keep us here for half a minute.
process.stdout.write(JSON.stringify(answers), () => process.exit(0));
