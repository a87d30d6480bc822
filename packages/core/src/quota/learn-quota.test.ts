import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { applyLearning, type Bucket, openBucket } from './bucket.ts';
import { intervalInitialUs, learnQuota } from './learn-quota.ts';
import { type Memory, parseMemory, startMemory, writeMemory } from './quota-memory.ts';
import { type QuotaSettings, RATE_MIN } from './quota-settings.ts';

const NOW_MS = 1_750_000_000_000;
const SETTINGS: QuotaSettings = { rateInitial: 20, rateMax: null, probeBudget: 0.006, share: 1 };

const anySettings: fc.Arbitrary<QuotaSettings> = fc.record({
  rateInitial: fc.double({ min: 0.2, max: 1000, noNaN: true }),
  rateMax: fc.option(fc.double({ min: 0.5, max: 2000, noNaN: true })),
  probeBudget: fc.double({ min: 0.0005, max: 0.2, noNaN: true }),
  share: fc.double({ min: 0.05, max: 1, noNaN: true }),
});

/** What a fleet can do between two looks. */
const anyLook = fc.record({
  afterMs: fc.integer({ min: 0, max: 120_000 }),
  granted: fc.integer({ min: 0, max: 5000 }),
  acceptedShare: fc.double({ min: 0, max: 1, noNaN: true }),
  idleUs: fc.integer({ min: 0, max: 60_000_000 }),
  refused: fc.option(fc.record({ backMs: fc.integer({ min: 0, max: 50 }), retryAfterMs: fc.nat(86_400_000) }), {
    freq: 2,
  }),
  refusedInARow: fc.nat(40),
});

function look(
  bucket: Bucket,
  seen: { nowMs: number } & (typeof anyLook extends fc.Arbitrary<infer T> ? T : never),
): Bucket {
  const refusal = seen.refused && { atMs: seen.nowMs - seen.refused.backMs, retryAfterMs: seen.refused.retryAfterMs };
  return {
    ...bucket,
    granted: seen.granted,
    accepted: Math.floor(seen.granted * seen.acceptedShare),
    idleUs: seen.idleUs,
    refusal,
    refusedInARow: seen.refusedInARow,
    closedUntilMs: refusal ? Math.max(bucket.closedUntilMs, refusal.atMs + refusal.retryAfterMs) : bucket.closedUntilMs,
  };
}

test('whatever was seen, the rate stays between the floor and the maximum, and a closure is never shortened', () => {
  fc.assert(
    fc.property(anySettings, fc.array(anyLook, { minLength: 1, maxLength: 40 }), (settings, looks) => {
      let nowMs = NOW_MS;
      let bucket = openBucket(intervalInitialUs(settings), nowMs);
      const shortestUs = settings.rateMax === null ? 10 : 1e6 / settings.rateMax;
      const slowest = Math.min(RATE_MIN, settings.rateMax ?? RATE_MIN) * settings.share;
      for (const seen of looks) {
        nowMs += seen.afterMs;
        const before = look(bucket, { ...seen, nowMs });
        const learning = learnQuota(before, settings, nowMs);
        assert.ok(Number.isInteger(learning.intervalUs) && Number.isInteger(learning.learnAtMs));
        assert.ok(learning.intervalUs >= shortestUs, `${learning.intervalUs} us is faster than the maximum`);
        assert.ok(
          learning.intervalUs <= Math.ceil(1e6 / slowest),
          `${learning.intervalUs} us is slower than the floor`,
        );
        assert.ok(learning.learnAtMs > nowMs, 'looked again in the past');
        assert.ok(learning.memory.length < 400, learning.memory);
        assert.notEqual(parseMemory(learning.memory), null, learning.memory);
        assert.deepEqual(learnQuota(before, settings, nowMs), learning);
        const after = applyLearning(before, before.version, learning, nowMs);
        assert.ok(after !== null && after.closedUntilMs >= before.closedUntilMs);
        bucket = after;
      }
    }),
  );
});

test('a memory that cannot be read is no memory: learning starts from the rate in force', () => {
  const bucket: Bucket = { ...openBucket(40_000, NOW_MS), granted: 25, accepted: 25 };
  const anew = learnQuota(bucket, SETTINGS, NOW_MS + 1000);
  const garbage = fc.oneof(
    fc.string(),
    fc.json(),
    fc.array(fc.double()).map((numbers) => JSON.stringify(numbers)),
  );
  fc.assert(
    fc.property(garbage, (memory) =>
      assert.deepEqual(learnQuota({ ...bucket, memory }, SETTINGS, NOW_MS + 1000), anew),
    ),
  );
});

test('a memory reads as it was written', () => {
  const memory: Memory = {
    ...startMemory(31.25),
    mode: 'probe',
    base: 30.5,
    step: 0.01,
    openMs: NOW_MS,
    heldS: 1.5,
    slips: 2,
  };
  assert.deepEqual(parseMemory(writeMemory(memory)), memory);
});

test('a memory with a number missing, negative or of another format is none', () => {
  const written = JSON.parse(writeMemory(startMemory(20))) as number[];
  assert.notEqual(parseMemory(JSON.stringify(written)), null);
  assert.equal(parseMemory(JSON.stringify(written.slice(0, -1))), null);
  assert.equal(parseMemory(JSON.stringify(written.with(10, -1))), null);
  assert.equal(parseMemory(JSON.stringify(written.with(2, 0))), null);
  assert.equal(parseMemory(JSON.stringify(written.with(0, 0))), null);
  assert.equal(parseMemory(JSON.stringify(written.with(1, 4))), null);
});

test('a rate nobody asked for is not raised, however long nobody did', () => {
  let bucket = openBucket(50_000, NOW_MS);
  for (let minute = 1; minute <= 60; minute += 1) {
    const nowMs = NOW_MS + minute * 60_000;
    const learning = learnQuota({ ...bucket, granted: 600, accepted: 600, idleUs: 30_000_000 }, SETTINGS, nowMs);
    assert.ok(learning.intervalUs >= 50_000);
    bucket = applyLearning(bucket, bucket.version, learning, nowMs) ?? bucket;
  }
});

test('a rate that was used climbs by half', () => {
  const bucket = { ...openBucket(50_000, NOW_MS), granted: 25, accepted: 24 };
  assert.equal(learnQuota(bucket, SETTINGS, NOW_MS + 1250).intervalUs, 33_333);
});

test('of the learned quota the share is used, and a probe tests the whole', () => {
  const memory = writeMemory({ ...startMemory(100), mode: 'hold', quietS: 1000, heldS: 1000 });
  const bucket = { ...openBucket(40_000, NOW_MS), memory };
  const settings = { ...SETTINGS, share: 0.25 };
  const idle = learnQuota({ ...bucket, idleUs: 1_000_000 }, settings, NOW_MS + 2000);
  assert.equal(idle.intervalUs, 40_000);
  const used = learnQuota({ ...bucket, granted: 50, accepted: 50 }, settings, NOW_MS + 2000);
  assert.ok(used.intervalUs < 10_000 && used.intervalUs > 9_500);
});

test('refused again at once, and again, waits longer than it was told', () => {
  const refused = (refusedInARow: number) =>
    learnQuota(
      { ...openBucket(50_000, NOW_MS), refusedInARow, refusal: { atMs: NOW_MS, retryAfterMs: 0 } },
      SETTINGS,
      NOW_MS,
    ).closedUntilMs;
  assert.deepEqual(
    [1, 2, 3, 4, 20].map((inARow) => Math.max(0, refused(inARow) - NOW_MS)),
    [0, 0, 250, 500, 4000],
  );
});

test('a closure does not change what is asked of the rate after it: there is no ramp', () => {
  const memory = writeMemory({
    ...startMemory(100),
    mode: 'hold',
    openMs: NOW_MS - 100_000,
    accepted: 9900,
    heldS: 99,
  });
  const bucket = { ...openBucket(10_000, NOW_MS), memory, granted: 100, accepted: 95 };
  const refusal = { atMs: NOW_MS + 1000, retryAfterMs: 1000 };
  const { intervalUs } = learnQuota({ ...bucket, refusal }, SETTINGS, NOW_MS + 1000);
  assert.ok(intervalUs > 10_000 && intervalUs < 10_300, `${intervalUs}`);
});

test('refusals that a lower rate does not end are not blamed on the rate: it returns to where it was', () => {
  let nowMs = NOW_MS;
  let bucket: Bucket = {
    ...openBucket(10_000, nowMs),
    memory: writeMemory({ ...startMemory(100), mode: 'hold', reserveS: 0.02 }),
  };
  const rates = [];
  for (let time = 0; time < 5; time += 1) {
    nowMs += 20_000;
    const granted = Math.round(20e6 / bucket.intervalUs);
    const refusal = { atMs: nowMs, retryAfterMs: 1000 };
    const seen = { ...bucket, granted, accepted: granted - 1, refusal, closedUntilMs: nowMs + 1000 };
    bucket = applyLearning(seen, seen.version, learnQuota(seen, SETTINGS, nowMs), nowMs) ?? bucket;
    nowMs += 1000;
    rates.push(Math.round(1e6 / bucket.intervalUs));
  }
  assert.deepEqual(rates, [99, 97, 93, 100, 100]);
});

test('a rate that holds longer than the last run lasted bounds the reserve, so that it is believed', () => {
  const run = { openMs: NOW_MS - 30_000, afterClosure: 1, accepted: 2900, lastCalls: 404, lastS: 4, reserveS: 1 };
  const memory = writeMemory({ ...startMemory(97), mode: 'hold', ...run });
  const bucket = { ...openBucket(10_309, NOW_MS), memory, granted: 194, accepted: 194 };
  const learned = parseMemory(learnQuota(bucket, SETTINGS, NOW_MS + 2000).memory);
  // 404 calls in 4 s were refused, 3,094 in 32 s were not: a limit with more in reserve than this would have refused both.
  assert.ok(learned !== null && Math.abs(learned.reserveS - (404 * 32 - 3094 * 4) / (3094 - 404)) < 1e-3);
});

test('a limit that was seen to let much through at once has more lateness made up for; one that was not, or not yet, has not', () => {
  const latenessUs = (parts: Partial<Memory>) => {
    const memory = writeMemory({ ...startMemory(100), mode: 'hold', probes: 1, ...parts });
    return learnQuota({ ...openBucket(10_000, NOW_MS), memory, granted: 100, accepted: 100 }, SETTINGS, NOW_MS + 1000)
      .latenessUs;
  };
  assert.deepEqual(
    [{ reserveS: 0.3 }, { reserveS: 1 }, { reserveS: 0.03 }, { reserveS: 1, probes: 0 }].map(latenessUs),
    [75_000, 100_000, 8000, 8000],
  );
});
