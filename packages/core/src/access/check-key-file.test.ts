import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatKeyFile } from './change-keys.ts';
import { checkKeyFile, type StoredKey } from './check-key-file.ts';

const KEY: StoredKey = {
  id: 'abcdefABCDEF',
  name: 'hr',
  sha256: '0'.repeat(64),
  scopes: ['ingest'],
  connections: ['hr1'],
  requestsPerSecond: null,
  activitiesPerSecond: 2.5,
  receipts: false,
  createdAt: '2026-01-31T13:45:00.000Z',
};
const file = (...keys: unknown[]) => JSON.stringify({ keys });

function problem(text: string): string {
  const checked = checkKeyFile(text);
  return checked.ok ? assert.fail(`accepted: ${text}`) : checked.problem;
}

test('what is written is read again as it was', () => {
  const keys = [KEY, { ...KEY, id: 'abcdefABCDE2', connections: '*' as const }];
  assert.deepEqual(checkKeyFile(formatKeyFile(keys)), { ok: true, keys });
  assert.deepEqual(checkKeyFile('{"keys":[]}'), { ok: true, keys: [] });
});

test('limits and the time may be left out; nothing else may', () => {
  const { requestsPerSecond: _, activitiesPerSecond: __, receipts: ____, createdAt: ___, ...least } = KEY;
  assert.equal(checkKeyFile(file(least)).ok, true);
  for (const name of Object.keys(least)) {
    assert.match(problem(file({ ...least, [name]: undefined })), new RegExp(`^keys/0: "${name}" must be`));
  }
});

test('each slip of the pen is named with its rule', () => {
  const cases: readonly (readonly [Record<string, unknown>, RegExp])[] = [
    [{ scope: ['ingest'] }, /"scope" is not known/],
    [{ id: 'short' }, /"id" must be 12/],
    [{ name: '' }, /"name" must be 1 to 64/],
    [{ name: 'a\nb' }, /"name" must be/],
    [{ sha256: 'A'.repeat(64) }, /64 hexadecimal/],
    [{ scopes: [] }, /"scopes" must be/],
    [{ scopes: ['ingest', 'ingest'] }, /"scopes" must be/],
    [{ scopes: ['admin'] }, /"scopes" must be/],
    [{ scopes: 'ingest' }, /"scopes" must be/],
    [{ connections: [] }, /"connections" must be/],
    [{ connections: ['*'] }, /"connections" must be/],
    [{ connections: ['a/b'] }, /"connections" must be/],
    [{ requestsPerSecond: 0 }, /"requestsPerSecond" must be/],
    [{ receipts: 'no' }, /"receipts" must be true or false/],
    [{ activitiesPerSecond: '5' }, /"activitiesPerSecond" must be/],
    [{ createdAt: 5 }, /"createdAt" must be/],
  ];
  for (const [slip, said] of cases) assert.match(problem(file({ ...KEY, ...slip })), said);
});

test('two keys of a client are live, not three, and no id is there twice', () => {
  const nth = (n: number) => ({ ...KEY, id: `abcdefABCDE${n}` });
  assert.equal(checkKeyFile(file(nth(1), nth(2))).ok, true);
  assert.match(problem(file(nth(1), nth(2), nth(3))), /"hr" has more than 2 keys/);
  assert.match(problem(file(nth(1), nth(1))), /abcdefABCDE1 is there twice/);
});

test('no text is believed that is not such a file, and none throws', () => {
  for (const text of [
    '',
    'null',
    '[]',
    '{}',
    '{"keys":{}}',
    '{"keys":[null]}',
    '{"keys":[],"more":1}',
    '{"__proto__":{"keys":[]}}',
  ]) {
    problem(text);
  }
  fc.assert(fc.property(fc.json(), (text) => checkKeyFile(text).ok === false || text.includes('keys')));
});
