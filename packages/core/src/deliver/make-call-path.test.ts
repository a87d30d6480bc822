import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CallTargetError, makeCallPath } from './make-call-path.ts';

const HOSTILE = [
  '',
  '.',
  '..',
  '../../me',
  'a/b',
  'a\\b',
  '%2e%2e',
  'a%2fb',
  'a?b',
  'a#b',
  'a b',
  'a\n',
  'a\r\nHost: x',
  'a\u0000',
  '@host',
  'é',
  'ａ',
  '\ud800',
  'a'.repeat(129),
];

test('a call goes to the item of the connection, by the documented path', () => {
  assert.equal(
    makeCallPath({ version: 'v1.0', graphConnectionId: 'contosohr', itemId: 'TSP228082938' }),
    '/v1.0/external/connections/contosohr/items/TSP228082938/addActivities',
  );
});

test('an id that could change the path is refused with a code, as connection and as item', () => {
  for (const id of HOSTILE) {
    for (const ids of [
      { graphConnectionId: id, itemId: 'a1' },
      { graphConnectionId: 'hr1', itemId: id },
    ]) {
      assert.throws(
        () => makeCallPath({ version: 'v1.0', ...ids }),
        (error: unknown) => error instanceof CallTargetError && error.code === 'SLU_DELIVER_ID_INVALID',
        JSON.stringify(ids),
      );
    }
  }
});

test('whatever the ids, a path that is made resolves to itself', () => {
  const id = fc.string({ unit: 'binary', maxLength: 130 });
  const target = fc.record({
    version: fc.constantFrom('v1.0' as const, 'beta' as const),
    graphConnectionId: id,
    itemId: id,
  });
  const short = fc.record({
    version: fc.constantFrom('v1.0' as const, 'beta' as const),
    graphConnectionId: fc.stringMatching(/^[A-Za-z0-9]{3,32}$/),
    itemId: fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/),
  });
  fc.assert(
    fc.property(fc.oneof(target, short), (ids) => {
      let path: string;
      try {
        path = makeCallPath(ids);
      } catch (error) {
        assert.ok(error instanceof CallTargetError);
        return;
      }
      assert.equal(new URL(path, 'https://graph.microsoft.com').pathname, path);
    }),
  );
});
