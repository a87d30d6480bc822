import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BehaviorInput, completeBehavior } from '../behavior/behavior.ts';
import { createBehaviorInForce } from '../behavior/behavior-in-force.ts';
import { openGate } from '../limits/connection-gate.ts';
import { createTenantGates } from '../limits/tenant-gates.ts';
import { createAppearances } from './appearances.ts';
import { ACTIVITY_ODATA_TYPE } from './check-activities.ts';
import { type CallPlan, planCall } from './plan-call.ts';

const NOW_MS = 1_800_000_000_000;

interface Tried {
  readonly entries?: number;
  readonly item?: string;
  readonly connection?: string;
  readonly atMs?: number;
  readonly text?: string;
}

/** A connection under one behaviour, asked again and again. */
function connectionWith(input: BehaviorInput) {
  const inForce = createBehaviorInForce();
  inForce.replace(completeBehavior({ latencyMs: [0, 0], rate: null, concurrency: null, ...input }));
  const gate = openGate(NOW_MS);
  const tenantGates = createTenantGates();
  const { isThere } = createAppearances();
  return ({ entries = 3, item = 'a1', connection = 'tickets', atMs = 0, text }: Tried = {}): CallPlan =>
    planCall({
      call: {
        call: 1,
        arrivedMs: NOW_MS + atMs,
        requestId: 'r',
        clientRequestId: null,
        version: 'v1.0',
        connection,
        item,
        authorization: null,
        host: '',
        contentType: 'application/json',
        contentEncoding: null,
      },
      tenant: 'contoso',
      body: Buffer.from(text ?? JSON.stringify({ activities: Array.from({ length: entries }, activity) })),
      rules: inForce.rulesOf(connection),
      gateOf: () => gate,
      enterTenant: (tenant, nowMs) => {
        const limits = inForce.limitsOfTenant(tenant);
        return limits === null ? 0 : tenantGates.enter(tenant, limits, nowMs);
      },
      isItemThere: isThere,
      random: inForce.random,
    });
}

function activity(_: unknown, i: number) {
  const startDateTime = `2026-01-01T00:00:${String(i).padStart(2, '0')}Z`;
  return { '@odata.type': ACTIVITY_ODATA_TYPE, type: 'viewed', startDateTime, performedBy: { type: 'user', id: 'x' } };
}

function results(plan: CallPlan): readonly { startDateTime: string; error: { code: string } | null }[] {
  assert.equal(plan.reply.kind, 'sent');
  return JSON.parse((plan.reply as { body: string }).body).value;
}

const status = ({ reply }: CallPlan) =>
  reply.kind === 'sent' ? reply.status : reply.kind === 'refused' ? reply.refusal.status : reply.kind;

test('a taken call appends every entry and answers them in order with error null', () => {
  const plan = connectionWith({})();
  assert.equal(status(plan), 200);
  assert.deepEqual(plan.appended, [0, 1, 2]);
  assert.deepEqual(
    results(plan).map(({ startDateTime, error }) => [startDateTime.slice(17, 19), error]),
    [
      ['00', null],
      ['01', null],
      ['02', null],
    ],
  );
});

test('a 207 appends exactly the entries whose error is null', () => {
  const entryError = { code: 'accessDenied', message: 'no "right"' };
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.nat(1000), fc.boolean(), (entries, seed, shuffled) => {
      const resultOrder = shuffled ? 'shuffled' : 'same';
      const plan = connectionWith({ seed, resultOrder, shares: { '207': 1 }, entryError })({ entries });
      assert.equal(status(plan), 207);
      const fine = results(plan).filter(({ error }) => error === null);
      const failed = results(plan).filter(({ error }) => error !== null);
      assert.deepEqual(
        fine.map(({ startDateTime }) => Number(startDateTime.slice(17, 19))).sort((a, b) => a - b),
        plan.appended,
      );
      assert.equal(fine.length + failed.length, entries);
      assert.ok(failed.length > 0 && (fine.length > 0 || entries === 1));
      for (const { error } of failed) {
        assert.deepEqual(error, { ...entryError, target: null, details: [], innerError: null });
      }
    }),
  );
});

test('shuffled results come in another order', () => {
  const order = results(connectionWith({ resultOrder: 'shuffled' })({ entries: 20 })).map((each) => each.startDateTime);
  assert.notDeepEqual(order, [...order].sort());
});

test('faults come as often as their shares say, and only lost ones append', () => {
  const call = connectionWith({ shares: { '500': 0.1, '503': 0.1, '207': 0.1, reset: 0.1, lost: 0.1 } });
  const counts = new Map<unknown, number>();
  for (let i = 0; i < 5000; i++) {
    const plan = call();
    counts.set(status(plan), (counts.get(status(plan)) ?? 0) + 1);
    assert.equal(plan.appended.length === 3, status(plan) === 200 || status(plan) === 'lost');
  }
  for (const fault of [500, 503, 207, 'reset', 'lost']) {
    const count = counts.get(fault) ?? 0;
    assert.ok(count > 400 && count < 600, `${fault} came ${count} times in 5000`);
  }
});

test('the same seed gives the same faults', () => {
  const statuses = (seed: number) => {
    const call = connectionWith({ seed, shares: { '500': 0.3, lost: 0.3 } });
    return Array.from({ length: 50 }, () => status(call()));
  };
  assert.deepEqual(statuses(4), statuses(4));
  assert.notDeepEqual(statuses(4), statuses(5));
});

test('a refused call names its wait and appends nothing', () => {
  const call = connectionWith({ rate: 1, burst: 1 });
  assert.equal(status(call()), 200);
  const { reply, appended, gate } = call();
  assert.deepEqual(reply, { kind: 'throttled', retryAfter: 'seconds', waitMs: 2000 });
  assert.deepEqual([appended, gate], [[], null]);
});

test('a call with a bad body costs quota, and beyond the quota its body is not looked into', () => {
  const call = connectionWith({ rate: 1, burst: 1 });
  assert.equal(status(call({ text: '{' })), 400);
  assert.equal(status(call({ text: '{' })), 'throttled');
});

test('a tenant with a limit of its own refuses what its connections would take, and no other tenant does', () => {
  const limited = connectionWith({ concurrency: 2, tenants: { contoso: { rate: 1, burst: 2 } } });
  assert.deepEqual([limited(), limited({ connection: 'hr1' }), limited()].map(status), [200, 200, 'throttled']);
  const other = connectionWith({ tenants: { fabrikam: { rate: 1, burst: 1 } } });
  assert.deepEqual([other(), other(), other()].map(status), [200, 200, 200]);
});

test('a call that the tenant refuses is not in flight at its connection', () => {
  const call = connectionWith({ concurrency: 1, tenants: { contoso: { rate: 1, burst: 1 } }, accrueThrottled: false });
  call().gate?.leave();
  assert.equal(status(call()), 'throttled');
  assert.equal(status(call({ atMs: 1000 })), 200);
});

test('scripted answers come first, in order, and cost no quota', () => {
  const call = connectionWith({ rate: 1, burst: 1, script: [{ status: 500 }, { status: 'reset' }, { status: 302 }] });
  assert.deepEqual([status(call()), status(call()), status(call()), status(call())], [500, 'reset', 302, 200]);
});

test('a call that Graph would refuse uses up no scripted answer', () => {
  const call = connectionWith({ script: [{ status: 503 }] });
  assert.equal(status(call({ text: '{' })), 400);
  assert.equal(status(call()), 503);
});

test('a scripted answer appends what it says; 2xx and lost append all when it says nothing', () => {
  const call = connectionWith({
    script: [
      { status: 500, apply: true },
      { status: 200, apply: false },
      { status: 504, apply: [2, 0, 7] },
      { status: 200 },
      { status: 'lost' },
      { status: 429 },
      { status: 207 },
      { status: 201, body: { value: [] } },
    ],
  });
  const appended = Array.from({ length: 6 }, () => call().appended);
  assert.deepEqual(appended, [[0, 1, 2], [], [0, 2], [0, 1, 2], [0, 1, 2], []]);
  const partial = call();
  assert.equal(results(partial).filter(({ error }) => error === null).length, partial.appended.length);
  assert.ok(partial.appended.length < 3);
  assert.deepEqual(call().reply, { kind: 'sent', status: 201, body: '{"value":[]}', headers: {} });
});

test('a scripted 207 without a body fails exactly what it does not append', () => {
  const plan = connectionWith({ script: [{ status: 207, apply: [2, 0] }] })({ entries: 4 });
  assert.deepEqual(plan.appended, [0, 2]);
  assert.deepEqual(
    results(plan).map(({ error }) => error === null),
    [true, false, true, false],
  );
});

test('a scripted delay appends first', () => {
  const { appendedFirst, delayMs } = connectionWith({ script: [{ status: 200, delayMs: 5000 }] })();
  assert.deepEqual([appendedFirst, delayMs], [true, 5000]);
});

test('scripted text is sent as a page, and no body as none', () => {
  const call = connectionWith({
    script: [
      { status: 502, body: '<html>' },
      { status: 200, body: null },
    ],
  });
  assert.deepEqual(call().reply, {
    kind: 'sent',
    status: 502,
    body: '<html>',
    headers: { 'Content-Type': 'text/html' },
  });
  assert.deepEqual(call().reply, { kind: 'sent', status: 200, body: '', headers: {} });
});

test('unknown items and connections are answered 404 with codes of their own', () => {
  const call = connectionWith({ unknownItems: ['gone'], unknownConnections: ['nowhere'] });
  const refused = (plan: CallPlan) => (plan.reply.kind === 'refused' ? plan.reply.refusal.code : null);
  assert.equal(refused(call({ item: 'gone' })), 'itemNotFound');
  assert.equal(refused(call({ connection: 'nowhere' })), 'connectionNotFound');
  assert.equal(status(call()), 200);
});

test('an item appears so long after it was first asked for', () => {
  const call = connectionWith({ itemsAppearAfterMs: 1000 });
  assert.equal(status(call({ item: 'late', atMs: 0 })), 404);
  assert.equal(status(call({ item: 'late', atMs: 999 })), 404);
  assert.equal(status(call({ item: 'late', atMs: 1000 })), 200);
  assert.equal(status(call({ item: 'later', atMs: 1000 })), 404, 'each item has a time of its own');
});

test('ids that Graph would not have are refused before anything is spent', () => {
  const call = connectionWith({ rate: 1, burst: 1 });
  for (const connection of ['ab', 'a'.repeat(33), 'with-hyphen', 'MicrosoftGraph', 'Teams', '..']) {
    assert.equal(status(call({ connection })), 400, connection);
  }
  for (const item of ['', '..', 'a/b', 'a b', 'ä', 'a'.repeat(129)]) assert.equal(status(call({ item })), 400, item);
  assert.equal(status(call({ connection: 'a'.repeat(32), item: 'a-_9'.repeat(32) })), 200);
});

test('latency lies between its ends', () => {
  const call = connectionWith({ latencyMs: [5, 20] });
  const drawn = Array.from({ length: 500 }, () => call().delayMs);
  assert.ok(Math.min(...drawn) >= 5 && Math.max(...drawn) <= 20);
  assert.ok(Math.min(...drawn) < 6 && Math.max(...drawn) > 19);
});
