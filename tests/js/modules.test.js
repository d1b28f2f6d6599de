import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const IMPORT = /^(?:import|export)\s(?:[^'"]*?from\s)?'(\.[^']+)'/gm;

/**
 * The module and all that it leads to, as paths under `static/js`.
 *
 * @param {string} module
 * @param {Set<string>} [known]
 */
function reachable(module, known = new Set()) {
  if (!known.has(module)) {
    known.add(module);
    const source = readFileSync(path.join(ROOT, 'static/js', module), 'utf8');
    for (const [, target = ''] of source.matchAll(IMPORT)) {
      reachable(path.posix.join(path.posix.dirname(module), target), known);
    }
  }
  return known;
}

test('the page asks for every module at once', () => {
  const template = readFileSync(path.join(ROOT, 'templates/_modules.html'), 'utf8');
  const list = template.slice(template.indexOf('['), template.indexOf(']'));
  const named = [...list.matchAll(/"([\w/-]+)"/g)].map(([, name]) => `${name}.js`);
  const wanted = [...reachable('main.js')].filter((module) => module !== 'main.js');
  assert.deepEqual(named.sort(), wanted.sort());
});
