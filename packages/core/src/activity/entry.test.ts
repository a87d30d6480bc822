/* The bytes of an entry, written out: other versions of Sluice read them in the same Redis. A change here is another version. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Activity } from './activity.ts';
import { decodeEntry, encodeEntry, entryToGraphJson } from './entry.ts';

const ACTIVITY: Activity = {
  type: 'modified',
  startMs: Date.UTC(2026, 0, 1),
  performedBy: { type: 'externalGroup', id: 'Büro "Wien"' },
};
const COLUMNS = {
  version: 'a',
  type: '2',
  start: '0mngjuj9c0',
  accepted: '000000000',
  attempts: '00',
  tried: '000000000',
};
const REST = { receipt: 'receipt-0001', index: '0001x', performer: '3', id: 'Büro \\"Wien\\"' };
const AS_APPENDED = Object.values({ ...COLUMNS, ...REST }).join('');

test('an entry has these bytes when it is appended, and no others', () => {
  assert.equal(encodeEntry(ACTIVITY, 69, 'receipt-0001'), AS_APPENDED);
});

test('these bytes are read as this entry, and sent as this member of a call', () => {
  assert.deepEqual(decodeEntry(AS_APPENDED), {
    activity: ACTIVITY,
    acceptedMs: 0,
    attempts: 0,
    firstTriedAwakeMs: null,
    receiptRef: 'receipt-0001',
    index: 69,
  });
  const type = '"@odata.type":"#microsoft.graph.externalConnectors.externalActivity","type":"modified"';
  assert.equal(
    entryToGraphJson(AS_APPENDED),
    `{${type},"startDateTime":"2026-01-01T00:00:00.000Z","performedBy":{"type":"externalGroup","id":"Büro \\"Wien\\""}}`,
  );
});

test('an entry of another version is not guessed at', () => {
  assert.equal(decodeEntry(`b${AS_APPENDED.slice(1)}`), null);
});
