import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkBody } from '@sluice/core';
import { createRequests, HOT_ITEMS, type RequestKind } from './make-requests.ts';

const RULES = { performerIds: 'object-id', activityBytesMax: 4096, activitiesMax: 5000 } as const;

interface Read {
  readonly path: string;
  readonly items: readonly string[];
  readonly ids: readonly string[];
}

function read(bytes: Buffer): Read {
  const text = bytes.toString('latin1');
  const [head, body] = [text.slice(0, text.indexOf('\r\n\r\n')), text.slice(text.indexOf('\r\n\r\n') + 4)];
  const path = head.split(' ')[1]!;
  assert.equal(Number(/content-length: (\d+)/.exec(head)?.[1]), body.length);
  const itemId = /\/items\/([^/]+)\//.exec(path)?.[1] ?? null;
  const value = JSON.parse(body) as { id?: string; activities?: { id: string }[] };
  const checked = checkBody(value, itemId, RULES);
  assert.ok(checked.ok, 'the body is taken');
  assert.deepEqual([checked.rejected, checked.duplicates], [[], 0]);
  const ids = (value.activities ?? [value as { id: string }]).map(({ id }) => id);
  return { path, items: checked.accepted.map((one) => one.itemId), ids };
}

const KINDS: readonly RequestKind[] = [
  { activities: 1, items: 'hot' },
  { activities: 100, items: 'hot' },
  { activities: 1000, items: 'hot' },
  { activities: 1000, items: 'distinct' },
];

for (const kind of KINDS) {
  test(`requests of ${kind.activities} ${kind.items} are valid, and no two activities have the same id`, () => {
    const next = createRequests(kind, 2);
    const requests = Array.from({ length: 12 }, (_, n) => read(next(n % 2)));
    const ids = requests.flatMap((request) => request.ids);
    assert.equal(ids.length, 12 * kind.activities);
    assert.equal(new Set(ids).size, ids.length);
    const items = new Set(requests.flatMap((request) => request.items));
    const expected = kind.items === 'distinct' ? 12 * kind.activities : Math.min(HOT_ITEMS, 12 * kind.activities);
    assert.equal(items.size, expected);
  });
}

test('requests of one activity go over all hot items', () => {
  const next = createRequests({ activities: 1, items: 'hot' }, 1);
  const paths = new Set(Array.from({ length: 3 * HOT_ITEMS }, () => read(next(0)).path));
  assert.equal(paths.size, HOT_ITEMS);
});
