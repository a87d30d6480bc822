/* What is promised of callers' quotas, of the audit log and of sessions, by every implementation. */
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  AUDIT_KEPT_MAX,
  AUDIT_TEXT_MAX,
  type AuditedDeed,
  type AuditLog,
  type CallerQuotas,
  type SessionStore,
} from '@sluice/core';
import { sessionsContract } from './contract/sessions.contract.ts';

export interface CallersUnderTest {
  readonly store: CallerQuotas & AuditLog & SessionStore;
  advance(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

export type MakeCallers = () => Promise<CallersUnderTest>;

export const DEED: AuditedDeed = {
  who: 'ops',
  keyId: 'k1',
  action: 'pause',
  connectionId: 'hr1',
  detail: '',
  outcome: 'done',
  status: 200,
  requestId: 'request-1',
};

export function callersContract(name: string, make: MakeCallers): void {
  const with_ = (what: string, run: (under: CallersUnderTest) => Promise<void>) =>
    test(what, async () => {
      const under = await make();
      try {
        await run(under);
      } finally {
        await under.dispose();
      }
    });
  describe(`${name} keeps the promises of callers' quotas`, () => quotasContract(with_));
  describe(`${name} keeps the promises of an audit log`, () => auditContract(with_));
  describe(`${name} keeps the promises of sessions`, () => sessionsContract(with_));
}

type With = (what: string, run: (under: CallersUnderTest) => Promise<void>) => void;

function quotasContract(with_: With): void {
  const ask = (
    under: CallersUnderTest,
    activities: number,
    limits = { requestsPerSecond: 2, activitiesPerSecond: 100 },
  ) => under.store.charge({ callerId: 'k1', requests: 1, activities, limits });

  with_('a second’s worth passes at once, and then as much as the rate gives', async (under) => {
    assert.deepEqual(await ask(under, 1), { status: 'granted' });
    assert.deepEqual(await ask(under, 1), { status: 'granted' });
    assert.deepEqual(await ask(under, 1), { status: 'refused', retryAfterMs: 500 });
    await under.advance(499);
    assert.equal((await ask(under, 1)).status, 'refused');
    await under.advance(1);
    assert.equal((await ask(under, 1)).status, 'granted');
  });

  with_('what is refused is not charged, neither as a request nor as activities', async (under) => {
    assert.equal((await ask(under, 60)).status, 'granted');
    for (let n = 0; n < 5; n++) assert.deepEqual(await ask(under, 60), { status: 'refused', retryAfterMs: 200 });
    assert.equal((await ask(under, 40)).status, 'granted', 'both are there still');
  });

  with_('what is refused as a request is not charged as activities', async (under) => {
    const limits = { requestsPerSecond: 1, activitiesPerSecond: 100 };
    assert.equal((await ask(under, 10, limits)).status, 'granted');
    for (let n = 0; n < 5; n++) assert.equal((await ask(under, 80, limits)).status, 'refused');
    const more = { ...limits, requestsPerSecond: null };
    const charge = { callerId: 'k1', requests: 1, activities: 90, limits: more };
    assert.equal((await under.store.charge(charge)).status, 'granted');
  });

  with_(
    'more than a bucket holds is granted when it is full, and those after it wait until it is paid for',
    async (under) => {
      const limits = { requestsPerSecond: 1000, activitiesPerSecond: 100 };
      assert.equal((await ask(under, 500, limits)).status, 'granted');
      assert.deepEqual(await ask(under, 1, limits), { status: 'refused', retryAfterMs: 4010 });
      await under.advance(4010);
      assert.equal((await ask(under, 1, limits)).status, 'granted');
    },
  );

  with_('a slow rate lets one pass in its time', async (under) => {
    const limits = { requestsPerSecond: 0.1, activitiesPerSecond: 1000 };
    assert.equal((await ask(under, 1, limits)).status, 'granted');
    assert.deepEqual(await ask(under, 1, limits), { status: 'refused', retryAfterMs: 10_000 });
    await under.advance(10_000);
    assert.equal((await ask(under, 1, limits)).status, 'granted');
  });

  with_('callers do not take from one another, and who has no limit is not refused', async (under) => {
    const limits = { requestsPerSecond: 1, activitiesPerSecond: null };
    const of = (callerId: string, activities: number) =>
      under.store.charge({ callerId, requests: 1, activities, limits });
    assert.equal((await of('k1', 1e6)).status, 'granted');
    assert.equal((await of('k1', 1)).status, 'refused');
    assert.equal((await of('k2', 1)).status, 'granted');
  });

  with_('however many ask at once, no more passes than the rate', async (under) => {
    const limits = { requestsPerSecond: 7, activitiesPerSecond: null };
    const charge = { callerId: 'many', requests: 1, activities: 1, limits };
    const count = async () => {
      const all = await Promise.all(Array.from({ length: 50 }, () => under.store.charge(charge)));
      return all.filter(({ status }) => status === 'granted').length;
    };
    assert.equal(await count(), 7);
    await under.advance(1000);
    assert.equal(await count(), 7);
    await under.advance(60_000);
    assert.equal(await count(), 7, 'and what was not used is not saved up');
  });
}

function auditContract(with_: With): void {
  with_('the newest deed comes first, and pages go on where the last one ended', async ({ store }) => {
    assert.deepEqual(await store.readDeeds({ cursor: null, limit: 10 }), { entries: [], next: null });
    for (let n = 0; n < 5; n++) await store.recordDeed({ ...DEED, requestId: `request-${n}` });
    const first = await store.readDeeds({ cursor: null, limit: 3 });
    const second = await store.readDeeds({ cursor: first.next, limit: 3 });
    const ids = [...first.entries, ...second.entries].map(({ requestId }) => requestId);
    assert.deepEqual(ids, ['request-4', 'request-3', 'request-2', 'request-1', 'request-0']);
    assert.equal(second.next, null);
    const { id, atMs, ...deed } = second.entries[1]!;
    assert.deepEqual(deed, { ...DEED, requestId: 'request-0' });
    assert.ok(id.length > 0 && atMs > 0);
    assert.deepEqual(await store.readDeeds({ cursor: 'none', limit: 3 }), { entries: [], next: null });
  });

  with_('texts are cut, and only so many deeds are kept', async ({ store }) => {
    await store.recordDeed({ ...DEED, detail: 'x'.repeat(5000) });
    const [kept] = (await store.readDeeds({ cursor: null, limit: 1 })).entries;
    assert.equal(kept?.detail.length, AUDIT_TEXT_MAX);
    for (let n = 0; n < AUDIT_KEPT_MAX; n += 500) {
      await Promise.all(Array.from({ length: 500 }, () => store.recordDeed(DEED)));
    }
    await store.recordDeed(DEED);
    let [count, cursor]: [number, string | null] = [0, null];
    do {
      const page = await store.readDeeds({ cursor, limit: 1000 });
      count += page.entries.length;
      cursor = page.next;
    } while (cursor !== null);
    assert.equal(count, AUDIT_KEPT_MAX);
  });
}
