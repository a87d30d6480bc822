import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeEntry } from '../activity/entry.ts';
import { splitReadable } from './split-readable.ts';

const ENTRY = encodeEntry({ type: 'viewed', startMs: 0, performedBy: { type: 'user', id: 'x' } }, 0, null);

test('entries that can be read are all of them, and no copy is made', () => {
  const entries = [ENTRY, ENTRY];
  assert.equal(splitReadable(entries).readable, entries);
});

test('an entry of another version, a torn one and one without countable attempts are left out', () => {
  const attemptsGone = `${ENTRY.slice(0, 21)}??${ENTRY.slice(23)}`;
  const idTorn = `${ENTRY.slice(0, 50)}x","evil":"y`;
  const bad = [`b${ENTRY.slice(1)}`, '', ENTRY.slice(0, 30), attemptsGone, idTorn];
  assert.deepEqual(splitReadable([...bad, ENTRY]), { readable: [ENTRY], unreadable: bad.length });
});
