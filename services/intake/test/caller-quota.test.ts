/* A caller's own quota: taken whole or refused whole, in its place among the checks, shared by all intakes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedAccess, testKey } from '@sluice/access/fixed';
import { createMemoryActivityStore, createMemoryCallerQuotas, manualClock } from '@sluice/testing';
import { BULK_URL, openFakeIntake, VALID } from './fake-parts.ts';

const [SLOW, FREE, SLOWER] = [0, 1, 2].map((n) => ({ authorization: `Bearer ${testKey(n)}` }));
const access = fixedAccess([
  { name: 'slow', scopes: ['ingest'], connections: '*', requestsPerSecond: 2, activitiesPerSecond: 100 },
  { name: 'free', scopes: ['ingest'], connections: '*' },
  { name: 'slower', scopes: ['ingest'], connections: '*', activitiesPerSecond: 10 },
]);

function open() {
  const clock = manualClock();
  const quotas = createMemoryCallerQuotas(clock);
  return { clock, quotas, ...openFakeIntake({}, { access, quotas, pause: clock.advance }) };
}

/** On a store that remembers. */
function openKeyed() {
  const clock = manualClock();
  const quotas = createMemoryCallerQuotas(clock);
  const store = createMemoryActivityStore(clock);
  let refs = 0;
  const randomBytes = (count: number) => new Uint8Array(count).fill(10 + refs++);
  return { clock, ...openFakeIntake({}, { access, quotas, store, randomBytes }) };
}

const NDJSON = { 'content-type': 'application/x-ndjson' };
const lines = (count: number) =>
  activities(count)
    .activities.map((one) => JSON.stringify(one))
    .join('\n');

const activities = (count: number) => ({
  activities: Array.from({ length: count }, (_, n) => ({ ...VALID, itemId: `item${n}` })),
});

test('over its quota a key gets 429 with Retry-After and nothing is stored; other keys go on', async () => {
  const { post, store, clock } = open();
  assert.equal((await post(BULK_URL, activities(80), SLOW)).status, 202);
  const refused = await post(BULK_URL, activities(50), SLOW);
  assert.deepEqual([refused.status, refused.body.code, refused.headers['retry-after']], [429, 'quota_exceeded', '1']);
  assert.equal(store.pieces.length, 1);
  assert.equal((await post(BULK_URL, activities(50), FREE)).status, 202);
  assert.equal((await post(BULK_URL, activities(20), SLOW)).status, 202, 'what was refused was not charged');
  assert.equal((await post(BULK_URL, activities(1), SLOW)).status, 429);
  await clock.advance(1000);
  assert.equal((await post(BULK_URL, activities(1), SLOW)).status, 202);
});

test('two intakes share one quota', async () => {
  const first = open();
  const second = openFakeIntake({}, { access, quotas: first.quotas });
  const statuses = [];
  for (const intake of [first, second, first, second]) {
    statuses.push((await intake.post(BULK_URL, activities(1), SLOW)).status);
  }
  assert.deepEqual(statuses, [202, 202, 429, 429]);
});

test('a wrong request is told so, and not that there were too many; it counts as a request, without activities', async () => {
  const { post, clock } = open();
  const long = { activities: Array.from({ length: 500 }, () => ({})) };
  for (const body of [long, '{', { activities: [] }, '']) assert.equal((await post(BULK_URL, body, SLOW)).status, 400);
  assert.equal((await post(BULK_URL, activities(1), SLOW)).status, 429, 'two requests a second');
  await clock.advance(1000);
  assert.equal((await post(BULK_URL, activities(100), SLOW)).status, 202, 'a hundred activities a second');
  for (let n = 0; n < 5; n++) assert.equal((await post(BULK_URL, { activities: [{}] }, FREE)).status, 400);
});

test('what came before under its Idempotency-Key has its answer without being charged again, also over the quota', async () => {
  const { post, clock } = openKeyed();
  const key = { ...SLOW, 'idempotency-key': 'once' };
  const first = await post(BULK_URL, activities(100), key);
  assert.equal(first.status, 202);
  for (let n = 0; n < 5; n++) {
    const again = await post(BULK_URL, activities(100), key);
    assert.deepEqual([again.status, again.body], [202, first.body]);
    assert.equal(again.headers['idempotent-replayed'], 'true');
  }
  assert.equal((await post(BULK_URL, activities(1), key)).status, 422);
  const other = { ...SLOW, 'idempotency-key': 'other' };
  assert.equal((await post(BULK_URL, activities(1), other)).status, 429, 'a new key is charged');
  await clock.advance(1000);
  assert.equal((await post(BULK_URL, activities(100), other)).status, 202, 'nothing was charged for the others');
});

test('on Graph’s path the quota speaks as Graph does', async () => {
  const { post } = open();
  const url = '/v1.0/external/connections/hr1/items/a1/addActivities';
  const statuses = [];
  for (let n = 0; n < 3; n++) statuses.push(await post(url, { activities: [VALID] }, SLOW));
  const last = statuses.at(-1)!;
  assert.deepEqual([last.status, last.body.error.code, last.headers['retry-after']], [429, 'TooManyRequests', '1']);
});

test('a stream waits for its quota piece by piece, and breaks off where it would have to wait for long', async () => {
  const { post, clock, store } = open();
  const began = clock.nowMs();
  const answer = await post(BULK_URL, lines(1200), { ...SLOW, ...NDJSON });
  assert.deepEqual([answer.status, answer.body.accepted], [202, 1200]);
  assert.equal(clock.nowMs() - began, 10_000, '500 at once, and 5 seconds for each further 500');
  const slower = await post(BULK_URL, lines(1200), { ...SLOWER, ...NDJSON });
  assert.deepEqual([slower.status, slower.body.code, slower.headers['retry-after']], [429, 'quota_exceeded', '50']);
  assert.deepEqual([slower.body.accepted, slower.body.lastLine], [500, 500]);
  assert.match(slower.body.detail, /lastLine/);
  assert.equal(store.pieces.length, 4);
});

test('when the store cannot say, nothing is taken: 503', async () => {
  const quotas = { charge: () => Promise.reject(new Error('away')) };
  const { post } = openFakeIntake({}, { access, quotas });
  const answer = await post(BULK_URL, activities(1), SLOW);
  assert.deepEqual([answer.status, answer.body.code], [503, 'store_unavailable']);
  assert.equal((await post(BULK_URL, activities(1), FREE)).status, 202, 'who has no quota is not asked about');
});
