/* Prefer: wait on the path of Graph, on the store in memory. A 200 or 207 then says what Graph said. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { listen, stopServer } from '@sluice/http';
import {
  ACK,
  createMemoryActivityStore,
  eventually,
  makeDeadLetter,
  makePark,
  makeSettle,
  makeSettlement,
  makeTake,
  manualClock,
} from '@sluice/testing';
import { openFakeIntake, VALID } from './fake-parts.ts';

const URL = '/v1.0/external/connections/hr1/items/a1/addActivities';
const wait = (seconds: number) => ({ prefer: `respond-async, wait=${seconds}` });
const at = (n: number) => ({ ...VALID, startDateTime: `2026-01-31T13:45:${10 + n}Z` });

function openWaiting(limits = {}) {
  const clock = manualClock();
  const store = createMemoryActivityStore(clock);
  const seen = { looks: 0, largest: 0, failing: false };
  let refs = 0;
  const intake = openFakeIntake(
    {},
    {
      store: {
        ...store,
        endedReceipts: async (ids) => {
          seen.looks++;
          seen.largest = Math.max(seen.largest, ids.length);
          if (seen.failing) throw new Error('Redis is away');
          return store.endedReceipts(ids);
        },
      },
      randomBytes: (count) => new Uint8Array(count).map((_, n) => (n === 0 ? refs++ : n)),
      limits: { lookEveryMs: 5, ...limits },
    },
  );
  let leases = 0;
  /** Ends everything that is pending, each entry as told. */
  async function deliver(verdicts: Parameters<typeof makeSettlement>[0] | typeof ACK) {
    await eventually(async () => ((await store.connection('hr1'))?.pending ?? 0) > 0, {
      withinMs: 5000,
      what: 'something is pending',
    });
    await clock.advance(5000);
    for (;;) {
      const leaseId = `lease-${++leases}`;
      const lease = await store.take(makeTake({ connectionId: 'hr1', leaseId, lingerMs: 0 }));
      if (lease.status !== 'leased') return;
      const list = Array.isArray(verdicts) ? verdicts : lease.entries.map(() => verdicts as typeof ACK);
      await store.settle(makeSettle({ connectionId: 'hr1', leaseId, settlement: makeSettlement(list) }));
      await clock.advance(100);
    }
  }
  return { ...intake, memory: store, clock, seen, deliver };
}

test('delivered in time: 200 says so, and what was preferred is said to be applied', async () => {
  const { post, deliver } = openWaiting();
  const [answer] = await Promise.all([post(URL, { activities: [at(1), at(2)] }, wait(20)), deliver(ACK)]);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers['preference-applied'], 'wait=20');
  assert.deepEqual(
    answer.body.value.map(({ error }: { error: unknown }) => error),
    [null, null],
  );
});

test('each entry has its own end: delivered, refused by Graph with its code and request-id, unknown, and invalid before', async () => {
  const { post, deliver } = openWaiting();
  const activities = [at(1), { ...at(2), type: 'seen' }, at(3), at(4)];
  const refusal = { code: 'badRequest', message: 'The activity is not valid.', requestId: 'request-7' };
  const verdicts = [ACK, makeDeadLetter(refusal), makePark({ code: 'lease_reclaimed' })];
  const [answer] = await Promise.all([post(URL, { activities }, wait(20)), deliver(verdicts)]);
  assert.equal(answer.status, 207);
  const [first, second, third, fourth] = answer.body.value;
  assert.deepEqual([first.error, second.error.code], [null, 'invalidRequest']);
  assert.deepEqual(third.error, {
    code: 'badRequest',
    message: 'The activity is not valid.',
    target: null,
    details: [],
    innerError: { 'request-id': 'request-7' },
  });
  assert.equal(fourth.error.code, 'lease_reclaimed');
});

test('not final in time: 202 with the same results as without waiting, and where to ask', async () => {
  const { post, get, seen } = openWaiting();
  seen.failing = true;
  const answer = await post(URL, { activities: [at(1), { ...at(2), type: 'seen' }] }, wait(1));
  assert.equal(answer.status, 202);
  assert.equal(answer.headers['preference-applied'], 'wait=1');
  assert.deepEqual(
    answer.body.value.map(({ error }: { error: { code: string } | null }) => error?.code ?? null),
    [null, 'invalidRequest'],
  );
  assert.equal((await get(String(answer.headers['location']))).body.counts.pending, 1);
  assert.ok(seen.looks > 1, 'a Redis that is away is asked again');
  seen.failing = false;
  const now = await post(URL, { activities: [at(1)] }, wait(0));
  assert.deepEqual([now.status, now.headers['preference-applied']], [202, 'wait=0']);
});

test('without Prefer nobody waits, and 200 says that it is stored', async () => {
  const { post, seen } = openWaiting();
  const answer = await post(URL, { activities: [at(1)] }, { prefer: 'return=minimal' });
  assert.deepEqual([answer.status, answer.headers['preference-applied']], [200, undefined]);
  assert.equal(seen.looks, 0);
});

test('more ends than a receipt names: 202, because nobody could say which', async () => {
  const { post, deliver } = openWaiting();
  const activities = Array.from({ length: 120 }, (_, n) => ({
    ...VALID,
    startDateTime: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
  }));
  const [answer] = await Promise.all([post(URL, { activities }, wait(20)), deliver(makeDeadLetter() as typeof ACK)]);
  assert.equal(answer.status, 202);
});

test('hundreds who wait are asked for together; over the most they are answered 202 at once', async () => {
  const { post, deliver, seen } = openWaiting({ waitersMax: 300 });
  const waiting = Array.from({ length: 300 }, (_, n) => post(URL, { activities: [at(n % 40)] }, wait(30)));
  await eventually(() => seen.largest === 256, { withinMs: 20_000, what: 'all wait' });
  const busy = await post(URL, { activities: [at(41)] }, wait(30));
  assert.deepEqual([busy.status, busy.headers['preference-applied']], [202, undefined]);
  const before = seen.looks;
  await eventually(() => seen.looks > before + 4, { withinMs: 20_000, what: 'some looks' });
  await deliver(ACK);
  for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
  const after = seen.looks;
  assert.equal((await post(URL, { activities: [at(1)] })).status, 200);
  assert.ok(seen.looks <= after + 2, 'nobody asks when nobody waits');
});

test('who goes away does not wait on, and a stop ends all waiting with 202', async () => {
  const { server, seen } = openWaiting({ waitersMax: 1 });
  const url = await listen(server, { host: '127.0.0.1', port: 0 });
  const send = (signal?: AbortSignal) =>
    fetch(`${url}${URL}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...wait(30) },
      body: JSON.stringify({ activities: [at(1)] }),
      ...(signal && { signal }),
    });
  const leaving = new AbortController();
  const gone = send(leaving.signal);
  await eventually(() => seen.looks > 0, { withinMs: 5000, what: 'the first waits' });
  leaving.abort();
  await assert.rejects(gone);
  const waited = eventually(
    async () => {
      const answer = await send();
      return answer.headers.has('preference-applied') && answer;
    },
    { withinMs: 20_000, what: 'there is room to wait' },
  );
  const looks = seen.looks;
  await eventually(() => seen.looks > looks + 20, { withinMs: 20_000, what: 'somebody waits again' });
  await stopServer(server, 10_000);
  assert.equal((await waited).status, 202);
});
