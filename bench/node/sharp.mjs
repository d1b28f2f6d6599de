// sharp in process. Each line it reads is a job {file, width, format, out}; it makes the variant, keeps it in `out`
// and answers with the milliseconds that making it took.
import { writeFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import sharp from 'sharp';

sharp.cache(false);
for await (const line of createInterface({ input: process.stdin })) {
  const { file, width, format, out } = JSON.parse(line);
  const began = performance.now();
  const made = await sharp(file).resize({ width }).toFormat(format).toBuffer();
  const ms = performance.now() - began;
  await writeFile(out, made);
  process.stdout.write(`${ms}\n`);
}
