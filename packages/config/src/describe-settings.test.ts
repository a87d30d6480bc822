import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeSettings } from './describe-settings.ts';
import { loadConfig } from './load-config.ts';

test('docs/configuration.md is what the table says (npm run docs -w @sluice/config writes it)', () => {
  const page = readFileSync(new URL('../../../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(page, describeSettings());
});

test('the file that the page shows is one that can be loaded', () => {
  const yaml = /```yaml\n([\s\S]*?)```/.exec(describeSettings())?.[1] ?? '';
  const { tenants } = loadConfig({ SLUICE_CONFIG: '/f' }, { readFile: () => yaml }).config;
  assert.deepEqual(
    tenants.map(({ name, connections }) => [name, ...Object.keys(connections)]),
    [
      ['contoso', 'people', 'tickets'],
      ['fabrikam', 'peopleFabrikam'],
    ],
  );
});
