/* A performer is erased over HTTP: counts, what it is told as meanwhile, and that nobody is named where it is written down. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedAccess, testKey } from '@sluice/access/fixed';
import type { ActivityStore, ErasureStep } from '@sluice/core';
import {
  ACK,
  createMemoryActivityStore,
  eventually,
  makeEntries,
  makePiece,
  makeSettle,
  makeSettlement,
  makeTake,
  manualClock,
  PERFORMER_ID,
} from '@sluice/testing';
import { CONNECTION, openTestConsole } from './open-test-console.ts';

const access = fixedAccess([
  { name: 'ops', scopes: ['read', 'operate'], connections: '*' },
  { name: 'look', scopes: ['read'], connections: '*' },
  { name: 'hr only', scopes: ['read', 'operate'], connections: ['hr1'] },
]);
const bearer = (n: number) => ({ authorization: `Bearer ${testKey(n)}` });
const PATH = `/api/v1/performers/${PERFORMER_ID}`;

test('one request erases the performer on every connection and says how many were where', async () => {
  const opened = openTestConsole();
  await opened.end('a', 3);
  const groups = [{ itemId: 'b', entries: makeEntries(5) }];
  await opened.store.append(makePiece({ connectionId: 'tickets', lane: 'other', groups }));
  const { status, body } = await opened.delete(PATH.toUpperCase().replace('/API/V1/PERFORMERS', '/api/v1/performers'));
  const { erasureId, ...rest } = body;
  const erased = { pending: 5, dead: 3, parked: 0 };
  assert.deepEqual(
    [status, rest],
    [200, { state: 'finished', connections: 2, connectionsDone: 2, erased, inFlight: 0 }],
  );
  assert.deepEqual((await opened.get(`/api/v1/erasures/${erasureId}`)).body, body);
  const again = await opened.delete(PATH);
  assert.deepEqual([again.status, again.body.erased], [200, { pending: 0, dead: 0, parked: 0 }]);
  const { removed, deadLetters } = (await opened.get(`/api/v1/connections/${CONNECTION}`)).body;
  assert.deepEqual([removed.dead, deadLetters], [3, 0]);
  assert.equal((await opened.get('/api/v1/erasures/other')).status, 404);
  assert.equal((await opened.delete(`/api/v1/performers/${'x'.repeat(129)}`)).status, 400);
  assert.equal((await opened.delete(`/api/v1/performers/${encodeURIComponent('ü'.repeat(128))}`)).status, 200);
});

test('only a key for every connection may erase, and the audit has a digest and the counts, never the id', async () => {
  const opened = openTestConsole({}, { access });
  await opened.end('a', 2);
  assert.equal((await opened.delete(PATH, bearer(1))).status, 403);
  assert.equal((await opened.delete(PATH, bearer(2))).status, 403);
  assert.equal((await opened.delete(PATH, bearer(0))).status, 200);
  await opened.delete(PATH.toUpperCase().replace('/API/V1/PERFORMERS', '/api/v1/performers'), bearer(0));
  const { body, text } = await opened.get('/api/v1/audit', bearer(0));
  const told = body.entries.map(({ who, action, outcome }: Record<string, string>) => [who, action, outcome].join(' '));
  assert.deepEqual(told, ['ops erase done', 'ops erase done', 'hr only erase refused', 'look erase refused']);
  assert.match(body.entries[1].detail, /^performer sha256:[0-9a-f]{16}: finished, 0 pending, 2 dead, 0 parked erased$/);
  const digests = new Set(body.entries.map(({ detail }: { detail: string }) => detail.slice(0, 33)));
  assert.equal(digests.size, 1, 'one performer, one digest, whatever the spelling and the outcome');
  assert.ok(!text.toLowerCase().includes(PERFORMER_ID));
});

/** A store in which one entry of the performer is in a call, which the test ends. */
async function openWithCall() {
  const clock = manualClock();
  const memory = createMemoryActivityStore(clock);
  const ids = { connectionId: 'hr1', leaseId: 'call-1' };
  await memory.append(makePiece({ connectionId: 'hr1', groups: [{ itemId: 'a', entries: makeEntries(3) }] }));
  await memory.take(makeTake({ ...ids, lingerMs: 0, entriesMax: 1 }));
  const endCall = () => memory.settle(makeSettle({ ...ids, settlement: makeSettlement([ACK]) }));
  return { memory, clock, endCall };
}

test('what is in a call is waited for: 202 with where to look, joined by who asks again, and the end is written down too', async () => {
  const { memory, endCall } = await openWithCall();
  const opened = openTestConsole({}, { faults: memory });
  const first = await opened.delete(PATH);
  assert.deepEqual([first.status, first.body.state], [202, 'running']);
  assert.deepEqual(first.body.erased, { pending: 2, dead: 0, parked: 0 }, 'what waits is gone at once');
  assert.equal(first.headers['location'], `/api/v1/erasures/${first.body.erasureId}`);
  assert.equal((await opened.delete(PATH)).body.erasureId, first.body.erasureId);
  await endCall();
  const look = async () => (await opened.get(String(first.headers['location']))).body;
  await eventually(async () => (await look()).state === 'finished', { withinMs: 10_000, what: 'it is finished' });
  assert.deepEqual([(await look()).inFlight, (await look()).connectionsDone], [0, 1]);
  const details = async () =>
    (await opened.get('/api/v1/audit')).body.entries.map(({ detail }: { detail: string }) => detail.slice(34));
  await eventually(async () => (await details()).length >= 3, { withinMs: 5000, what: 'its end is in the audit' });
  assert.match((await details())[0], / finished, 2 pending, 0 dead, 0 parked erased$/);
  assert.match((await details()).at(-1), / begun$/);
});

test('whichever console is asked tells how far it is and joins who asks again; when the one that walks is gone, any goes on', async () => {
  const { memory, clock, endCall } = await openWithCall();
  let isGone = false;
  const noteErasure: ActivityStore['noteErasure'] = async (note) => {
    if (!isGone) await memory.noteErasure(note);
  };
  // One that is killed neither writes nor walks any more.
  const erase: ActivityStore['erase'] = (step) => (isGone ? new Promise(() => {}) : memory.erase(step));
  const one = openTestConsole({}, { faults: { ...memory, noteErasure, erase } });
  const other = openTestConsole({}, { faults: memory });
  const { status, headers, body } = await one.delete(PATH);
  assert.deepEqual([status, body.state, body.inFlight], [202, 'running', 0]);
  const look = async (of: typeof one) => (await of.get(String(headers['location']))).body;
  const told = async () => (await look(other)).erased.pending === 2;
  await eventually(told, { withinMs: 10_000, what: 'the other one tells of it' });
  assert.deepEqual(await look(other), await look(one));
  const joined = await other.delete(PATH);
  assert.deepEqual([joined.status, joined.body.erasureId], [202, body.erasureId]);
  isGone = true;
  await clock.advance(15_001);
  assert.deepEqual([(await look(other)).state, (await look(other)).erased], ['unfinished', body.erased]);
  const anew = await other.delete(PATH);
  assert.deepEqual([anew.status, anew.body.state, anew.body.erasureId === body.erasureId], [202, 'running', false]);
  await endCall();
  const done = async () => (await other.get(String(anew.headers['location']))).body.state === 'finished';
  await eventually(done, { withinMs: 10_000, what: 'the other one has ended it' });
});

test('a step that failed is asked again; the walk begins anew when its mark is gone', async () => {
  const clock = manualClock();
  const memory = createMemoryActivityStore(clock);
  await memory.append(makePiece({ connectionId: 'hr1', groups: [{ itemId: 'a', entries: makeEntries(3) }] }));
  let calls = 0;
  const erase = async (step: ErasureStep) => {
    calls += 1;
    if (calls === 1) throw new Error('away');
    if (calls === 2) return { status: 'lapsed' } as const;
    return memory.erase(step);
  };
  const opened = openTestConsole({}, { faults: { ...memory, erase } });
  const { status, body } = await opened.delete(PATH);
  assert.deepEqual([status, body.erased.pending, calls], [200, 3, 3]);
});

test('without Redis it is refused, and may be asked again', async () => {
  const connectionIds = () => Promise.reject(new Error('away'));
  const { status, body, headers } = await openTestConsole({}, { faults: { connectionIds } }).delete(PATH);
  assert.deepEqual([status, body.code, headers['retry-after']], [503, 'store_unavailable', '1']);
});

test('a list that cannot be written anew is no finished erasure; one that changed meanwhile is begun again', async () => {
  const memory = createMemoryActivityStore(manualClock());
  await memory.append(makePiece({ connectionId: 'hr1', groups: [{ itemId: 'a', entries: makeEntries(3) }] }));
  const asked: string[] = [];
  let isFull = true;
  const closeGaps: ActivityStore['closeGaps'] = async ({ state, cursor }) => {
    asked.push(`${state} ${cursor}`);
    if (isFull) throw new Error('OOM');
    if (asked.length === 3) return { status: 'changed' };
    return cursor === null ? { status: 'copied', cursor: '7-0' } : { status: 'closed' };
  };
  const opened = openTestConsole({}, { faults: { ...memory, closeGaps } });
  const first = await opened.delete(PATH);
  assert.deepEqual([first.status, first.body.state, first.body.erased.pending], [200, 'unfinished', 3]);
  isFull = false;
  assert.equal((await opened.delete(PATH)).body.state, 'finished');
  const wanted = ['dead null', 'dead null', 'dead 7-0', 'dead null', 'dead 7-0', 'parked null', 'parked 7-0'];
  assert.deepEqual(asked, wanted);
});

test('a list that is always changed is given up after some times, and is enough for an erasure to be unfinished', async () => {
  for (const restless of ['dead', 'parked']) {
    const memory = createMemoryActivityStore(manualClock());
    await memory.append(makePiece({ connectionId: 'hr1', groups: [{ itemId: 'a', entries: makeEntries(3) }] }));
    const asked: string[] = [];
    const closeGaps: ActivityStore['closeGaps'] = async ({ state }) => {
      asked.push(state);
      return { status: state === restless ? 'changed' : 'closed' };
    };
    const { body } = await openTestConsole({}, { faults: { ...memory, closeGaps } }).delete(PATH);
    assert.equal(body.state, 'unfinished');
    assert.equal(asked.filter((state) => state === restless).length, 5);
  }
});
