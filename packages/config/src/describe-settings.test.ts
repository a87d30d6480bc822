import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeSettings } from './describe-settings.ts';

test('docs/configuration.md is what the table says (npm run docs -w @sluice/config writes it)', () => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(page, describeSettings());
});
