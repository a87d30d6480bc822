import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { AcceptedActivity } from '../accept/check-body.ts';
import { decodeEntry } from '../activity/entry.ts';
import { planPieces } from './plan-pieces.ts';

function acceptedOn(items: readonly string[]): AcceptedActivity[] {
  const performedBy = { type: 'externalGroup', id: 'g' } as const;
  return items.map((itemId, index) => ({
    index,
    itemId,
    activity: { type: 'viewed', startMs: index, performedBy },
    id: null,
  }));
}

test('an ordinary request is one piece, grouped by item', () => {
  const [piece, ...more] = planPieces({ accepted: acceptedOn(['a', 'b', 'a']), receiptRef: 'AbCdEf012345' });
  assert.equal(more.length, 0);
  assert.equal(piece?.last, true);
  assert.deepEqual(
    piece.groups.map(({ itemId, entries }) => [itemId, entries.map((entry) => decodeEntry(entry)?.index)]),
    [
      ['a', [0, 2]],
      ['b', [1]],
    ],
  );
  assert.equal(decodeEntry(piece.groups[0]?.entries[0] ?? '')?.receiptRef, 'AbCdEf012345');
});

test('nothing accepted is one empty piece, so that the receipt can still be written', () => {
  assert.deepEqual(planPieces({ accepted: [], receiptRef: null }), [{ groups: [], last: true, roomFor: 0 }]);
});

test('501 entries are two pieces of at most 500', () => {
  const pieces = planPieces({ accepted: acceptedOn(Array.from({ length: 501 }, () => 'a')), receiptRef: null });
  assert.deepEqual(
    pieces.map(({ groups }) => groups.map(({ entries }) => entries.length)),
    [[500], [1]],
  );
});

test('pieces together are the input, each item in its order, none over the limit, only the last one last', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 80 }),
      fc.integer({ min: 1, max: 12 }),
      (items, max) => {
        const pieces = planPieces({ accepted: acceptedOn(items), receiptRef: null, pieceEntriesMax: max });
        const flat = pieces.flatMap(({ groups }) =>
          groups.flatMap(({ itemId, entries }) =>
            entries.map((entry) => ({ itemId, index: decodeEntry(entry)?.index ?? -1 })),
          ),
        );
        for (const item of ['a', 'b', 'c', 'd']) {
          const sent = items.flatMap((itemId, index) => (itemId === item ? [index] : []));
          assert.deepEqual(
            flat.filter(({ itemId }) => itemId === item).map(({ index }) => index),
            sent,
          );
        }
        assert.equal(flat.length, items.length);
        assert.deepEqual(
          pieces.map(({ last }) => last),
          pieces.map((_, at) => at === pieces.length - 1),
        );
        for (const { groups } of pieces) {
          const entries = groups.reduce((sum, group) => sum + group.entries.length, 0);
          assert.ok(entries <= max && (entries > 0 || items.length === 0));
          assert.equal(new Set(groups.map(({ itemId }) => itemId)).size, groups.length);
        }
      },
    ),
  );
});
