import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { CLOUDS, findCloud } from './clouds.ts';

const FIXTURE = new URL('../../../../shared/graph/fixtures/reference/national-clouds.json', import.meta.url);

test('each cloud asks its own Graph for its own scope', () => {
  assert.deepEqual(
    Object.values(CLOUDS).map(({ graphRoot, scope }) => scope === `${graphRoot}/.default`),
    [true, true, true],
  );
  assert.equal(findCloud('usgov-dod'), CLOUDS['usgov-dod']);
});

test('China is refused with the reason, and an unknown name with the known ones', () => {
  const [china, unknown] = [findCloud('china'), findCloud('constructor')];
  assert.ok('refused' in china && china.refused.includes('21Vianet'));
  assert.ok('refused' in unknown && unknown.refused.includes('usgov-dod'));
});

test("the table agrees with Microsoft's", (t) => {
  if (!existsSync(FIXTURE)) return t.diagnostic('the fixtures are not on this machine: nothing was checked');
  const text = readFileSync(FIXTURE, 'utf8');
  for (const { graphRoot, authorityHost, scope } of Object.values(CLOUDS)) {
    for (const expected of [graphRoot, authorityHost, scope]) assert.ok(text.includes(expected), expected);
  }
});
