/** Types that a clipboard carries, and how a file of them ends. */
const ENDINGS = new Map([
  ['image/jpeg', 'jpg'],
  ['image/svg+xml', 'svg'],
]);

/**
 * A pasted picture under a name of its own, `Pasted 2026-11-18 at 09.12.40.png`: every clipboard calls it
 * `image.png`. A file copied from a folder keeps its name.
 *
 * @param {File} file
 * @param {Date} now
 * @param {number} [index]  among those pasted together
 */
export function named(file, now, index = 0) {
  if (!/^image\.\w+$/.test(file.name) || !file.type.startsWith('image/')) {
    return file;
  }
  const ending = ENDINGS.get(file.type) ?? file.type.slice('image/'.length);
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map(twoDigits).join('-');
  const time = [now.getHours(), now.getMinutes(), now.getSeconds()].map(twoDigits).join('.');
  const which = index > 0 ? ` (${index + 1})` : '';
  return new File([file], `Pasted ${day} at ${time}${which}.${ending}`, {
    type: file.type,
    lastModified: now.getTime(),
  });
}

/** @param {number} number */
function twoDigits(number) {
  return String(number).padStart(2, '0');
}

/** Where files lay in folders that were dropped: a browser tells it only of chosen ones. @type {WeakMap<File, string>} */
const paths = new WeakMap();

/**
 * The name of the folder that a file lay in, where it came in one; else empty.
 *
 * @param {File} file
 */
export function folderOf(file) {
  const path = paths.get(file) ?? file.webkitRelativePath ?? '';
  return path.split('/').at(-2) ?? '';
}

/**
 * Whether people see a file in the folder in which it was chosen.
 *
 * @param {File} file
 */
export function isVisible({ webkitRelativePath }) {
  return !webkitRelativePath.split('/').some((part) => part.startsWith('.'));
}

/**
 * The files that were dropped, those in dropped folders too.
 *
 * @param {DataTransfer} dropped  good until the event is over: all entries are taken before the first wait
 */
export async function filesIn(dropped) {
  const entries = [...dropped.items].map((item) => item.webkitGetAsEntry?.() ?? null);
  if (!entries.some((entry) => entry?.isDirectory)) {
    return [...dropped.files];
  }
  const found = await Promise.all(entries.map((entry) => (entry ? filesUnder(entry) : [])));
  return found.flat();
}

/**
 * @param {FileSystemEntry} entry
 * @returns {Promise<File[]>}
 */
async function filesUnder(entry) {
  if (entry.isFile) {
    const fileEntry = /** @type {FileSystemFileEntry} */ (entry);
    const file = await new Promise((resolve, reject) => fileEntry.file(resolve, reject));
    paths.set(file, entry.fullPath.replace(/^\//, ''));
    return [file];
  }
  const reader = /** @type {FileSystemDirectoryEntry} */ (entry).createReader();
  /** @type {File[]} */
  const files = [];
  // A folder is read in pieces of a hundred; an empty piece is its end.
  for (let piece = await readPiece(reader); piece.length > 0; piece = await readPiece(reader)) {
    const visible = piece.filter(({ name }) => !name.startsWith('.'));
    files.push(...(await Promise.all(visible.map(filesUnder))).flat());
  }
  return files;
}

/**
 * @param {FileSystemDirectoryReader} reader
 * @returns {Promise<FileSystemEntry[]>}
 */
function readPiece(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}
