import assert from 'node:assert/strict';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { stalePages } from './pages.ts';
import { makeFolder } from './support/make-folder.ts';

test('the pages that are made from the code say what it says', () => {
  assert.deepEqual(stalePages(fileURLToPath(new URL('../..', import.meta.url))), []);
});

test('a page that says something else, or is missing, is told with what writes it', (t) => {
  const root = makeFolder(t, { 'docs/openapi.json': '{}' });
  const told = stalePages(root);
  assert.match(told.join('\n'), /docs\/openapi\.json is not what the code says; `npm run docs` writes it/);
  assert.ok(told.length > 1);
});
