import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { failed, START } from '../../test/outcome/replies.ts';
import { answered, entry, LEASE, only, plan, SETTINGS } from '../../test/settle/plan-case.ts';
import { formatInstant } from '../activity/instant.ts';
import { CLOSE_MS_MAX } from '../limits.ts';
import { type EntryOutcome, OUTCOME_OF_NO_CALL, type Outcome } from '../outcome/outcome.ts';
import { readReply } from '../outcome/read-reply.ts';
import { planSettlement } from './plan-settlement.ts';
import type { EntrySettlement } from './settlement.ts';

test('one answer with an entry of every kind: each gets its verdict, and ack + requeue + deadLetter + park is the batch', () => {
  const errors: Record<number, unknown> = {
    0: null,
    1: { code: 'serviceNotAvailable' },
    2: { code: 'invalidRequest', message: 'performedBy could not be resolved' },
    4: { code: 'neverHeardOf', message: 'm' },
    5: { code: 'activityLimitReached' },
    6: null,
  };
  // Entry 3 has no result, entry 4 has used up its attempts, entry 7 cannot be read.
  const entries = [0, 1, 2, 3, 4, 5, 6].map((n) => entry(n, n === 4 ? 9 : 0)).concat('?');
  const value = Object.entries(errors).map(([n, error]) => ({
    type: 'viewed',
    startDateTime: formatInstant(START + Number(n)),
    error,
  }));
  const { entries: planned, call } = plan(answered(207, { body: { value: value.toReversed() }, bodyProblem: null }), {
    entries,
    settings: { unknownPolicy: 'park' },
  });
  assert.deepEqual(planned, [
    { kind: 'ack' },
    { kind: 'requeue', delayMs: 500, counted: true, group: 0 },
    { kind: 'deadLetter', code: 'invalidRequest', message: 'performedBy could not be resolved', requestId: 'r-1' },
    {
      kind: 'park',
      code: 'result_missing',
      message: 'none of the 6 results has its type and instant',
      requestId: 'r-1',
    },
    { kind: 'deadLetter', code: 'neverHeardOf', message: 'given up after 10 attempts; m', requestId: 'r-1' },
    { kind: 'requeue', delayMs: 0, counted: false, group: 1 },
    { kind: 'ack' },
    { ...planned[7]!, kind: 'deadLetter', code: 'entry_unreadable' },
  ]);
  const kinds = Map.groupBy(planned, ({ kind }) => kind);
  const sizes = ['ack', 'requeue', 'deadLetter', 'park'].map(
    (kind) => kinds.get(kind as EntrySettlement['kind'])?.length ?? 0,
  );
  assert.deepEqual(sizes, [2, 2, 3, 1]);
  assert.equal(
    sizes.reduce((sum, n) => sum + n),
    entries.length,
  );
  assert.deepEqual(call, {
    quota: 'refused',
    closeMs: 1000,
    failed: false,
    block: null,
    target: 'found',
    groupsWhole: false,
    unknown: { entries: 1, reason: 'result_missing: none of the 6 results has its type and instant' },
  });
});

test('a retryable entry waits full jitter, doubled with each attempt, up to the cap', () => {
  const delayOf = (attempts: number, chance: number) => {
    const settled = only(plan(answered(409), { entries: [entry(0, attempts)], chance }));
    return settled.kind === 'requeue' ? settled.delayMs : null;
  };
  assert.deepEqual(
    [delayOf(0, 0), delayOf(0, 0.999), delayOf(3, 0.5), delayOf(8, 0.999), delayOf(9, 0.5)],
    [0, 999, 4000, 255_744, null],
  );
  const capped = only(
    plan(answered(409), { entries: [entry(0, 1294)], settings: { retryAttemptsMax: 9999 }, chance: 0.999 }),
  );
  assert.equal(capped.kind === 'requeue' && capped.delayMs, 299_700);
});

test('attempts and age end in a dead letter with the last code, and only a counted try is looked at', () => {
  const old = [entry(0, 9, 100)];
  const spent = only(plan(answered(409), { entries: old }));
  assert.deepEqual([spent.kind, spent.kind === 'deadLetter' && spent.code], ['deadLetter', 'http_409']);
  const aged = only(plan(answered(409), { entries: [entry(0, 1, 100)], lease: { awakeMs: 100 + 86_400_000 } }));
  assert.deepEqual(
    [aged.kind, aged.kind === 'deadLetter' && aged.message],
    ['deadLetter', 'given up 86400 s after its first attempt; answered 409; the body is empty'],
  );
  for (const reply of [
    answered(429),
    answered(401),
    answered(403),
    answered(402),
    answered(509),
    failed('refused', 'not-sent'),
  ]) {
    const settled = only(plan(reply, { entries: old, lease: { awakeMs: 1e12 } }));
    assert.deepEqual([settled.kind, settled.kind === 'requeue' && settled.counted], ['requeue', false]);
  }
});

test('a lost answer is recorded, and by policy retried as counted or parked', () => {
  const retried = plan(failed('timeout', 'maybe-sent'));
  assert.deepEqual(retried.call.unknown, { entries: 1, reason: 'timeout: it broke' });
  assert.deepEqual(only(retried), { kind: 'requeue', delayMs: 500, counted: true, group: 0 });
  const parked = plan(failed('timeout', 'maybe-sent'), { settings: { unknownPolicy: 'park' } });
  assert.deepEqual(only(parked), { kind: 'park', code: 'timeout', message: 'it broke', requestId: null });
  assert.deepEqual(parked.call.unknown, retried.call.unknown);
});

test('what was not sent uses up nothing and is never in doubt', () => {
  for (const code of ['refused', 'dns', 'tls', 'connect-timeout', 'lease', 'token', 'credential'] as const) {
    const settlement = plan(failed(code, 'not-sent'), {
      settings: { unknownPolicy: 'park' },
      lease: { failedInARow: 40 },
    });
    const settled = only(settlement);
    assert.ok(settled.kind === 'requeue' && !settled.counted && settled.delayMs <= 1000, code);
    assert.deepEqual([settlement.call.unknown, settlement.call.quota], [null, 'none']);
  }
  const token = [0, 0.999].map((chance) => plan(failed('token', 'not-sent'), { chance }).call.closeMs);
  assert.deepEqual(token, [1000, 4996]);
});

test('an item that is not there yet is asked for again after a minute at the earliest', () => {
  for (const chance of [0, 0.999]) {
    const settled = only(plan(answered(404), { chance }));
    assert.ok(settled.kind === 'requeue' && settled.counted && settled.delayMs >= 60_000);
  }
});

test('a lease of which nothing can be read needs no call', () => {
  const settlement = planSettlement({
    outcome: OUTCOME_OF_NO_CALL,
    entries: ['?', ''],
    lease: LEASE,
    settings: SETTINGS,
    chance: () => 0,
  });
  assert.deepEqual(
    settlement.entries.map((one) => one.kind === 'deadLetter' && one.code),
    ['entry_unreadable', 'entry_unreadable'],
  );
  assert.equal(settlement.call.quota, 'none');
});

test('an outcome that does not fit the batch is a bug, and nothing is settled', () => {
  const outcome = readReply({ reply: answered(500), entries: [entry(0), entry(1)], nowMs: 0 });
  const request = { outcome, lease: LEASE, settings: SETTINGS, chance: () => 0 };
  for (const entries of [[entry(0)], [entry(0), entry(1), entry(2)]]) {
    assert.throws(() => planSettlement({ ...request, entries }), { code: 'SLU_SETTLE_NOT_A_PARTITION' });
  }
  assert.throws(() => planSettlement({ ...request, entries: [entry(0), entry(1)], chance: () => Number.NaN }), {
    code: 'SLU_SETTLE_NOT_A_PARTITION',
  });
  // Redis refuses -0 as an integer, and a script that stops half-way has already written.
  const minusZero = { ...outcome, entries: outcome.entries.map((one) => ({ ...one, delayMsMin: -0 })) };
  assert.throws(
    () => planSettlement({ ...request, outcome: minusZero, entries: [entry(0), entry(1)], chance: () => -0 }),
    {
      code: 'SLU_SETTLE_NOT_A_PARTITION',
    },
  );
});

const entryOutcome: fc.Arbitrary<EntryOutcome> = fc.record({
  verdict: fc.constantFrom('delivered', 'retryable', 'rejected', 'unknown'),
  code: fc.string(),
  message: fc.string(),
  requestId: fc.option(fc.string()),
  counted: fc.constantFrom('always', 'never', 'when-others-succeed'),
  delayMsMin: fc.nat(100_000),
});
const anyCall: fc.Arbitrary<Outcome['call']> = fc.record({
  certainty: fc.constantFrom('not-sent', 'maybe-sent', 'sent'),
  quota: fc.constantFrom('accepted', 'refused', 'none'),
  closure: fc.option(
    fc.oneof(
      fc.record({ kind: fc.constant('retry-after' as const), ms: fc.nat(CLOSE_MS_MAX) }),
      fc.record({ kind: fc.constantFrom('backoff' as const, 'brief' as const) }),
    ),
  ),
  failed: fc.option(fc.boolean()),
  hold: fc.option(fc.record({ code: fc.string(), reason: fc.string() })),
  target: fc.constantFrom('found' as const, 'missing' as const, 'presumed' as const, null),
  bisect: fc.boolean(),
  wholeCall: fc.boolean(),
  extraResults: fc.nat(5),
  unlisted: fc.constant([]),
  reason: fc.string(),
});

test('for any outcomes the settlement is a partition of the batch, and what was delivered never comes back', () => {
  const batch = fc.array(fc.tuple(fc.boolean(), fc.nat(12), fc.nat(2_000_000), entryOutcome), {
    minLength: 1,
    maxLength: 20,
  });
  const lease = fc.record({
    refusedInARow: fc.nat(99),
    failedInARow: fc.nat(9),
    probe: fc.boolean(),
    awakeMs: fc.nat(2e9),
    whole: fc.boolean(),
  });
  const settings = fc.record({
    retryAttemptsMax: fc.integer({ min: 1, max: 20 }),
    retryAgeMaxMs: fc.nat(1e9),
    retryBaseMs: fc.nat(5000),
    retryCapMs: fc.nat(300_000),
    unknownPolicy: fc.constantFrom('retry' as const, 'park' as const),
  });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(batch, anyCall, lease, settings, chance, (parts, call, facts, rules, drawn) => {
      const entries = parts.map(([readable, attempts, first], n) => (readable ? entry(n, attempts, first) : 'zz'));
      const outcomes = parts.filter(([readable]) => readable).map(([, , , outcome]) => outcome);
      const settlement = planSettlement({
        outcome: { entries: outcomes, call },
        entries,
        lease: facts,
        settings: rules,
        chance: () => drawn,
      });
      assert.equal(settlement.entries.length, entries.length);
      const delays = new Map<number, number>();
      parts.forEach(([readable, , , { verdict }], n) => {
        const settled = settlement.entries[n]!;
        assert.equal(settled.kind === 'ack', readable && verdict === 'delivered');
        if (!readable) assert.equal(settled.kind, 'deadLetter');
        if (settled.kind !== 'requeue') return;
        assert.equal(delays.get(settled.group) ?? settled.delayMs, settled.delayMs, 'a group waits as one');
        delays.set(settled.group, settled.delayMs);
      });
      assert.ok(Number.isSafeInteger(settlement.call.closeMs) && settlement.call.closeMs >= 0);
      const unknown = outcomes.filter(({ verdict }) => verdict === 'unknown').length;
      assert.equal(settlement.call.unknown?.entries ?? 0, unknown);
    }),
    { numRuns: 1000 },
  );
});
