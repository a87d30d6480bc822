import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { failed, START } from '../../test/outcome/replies.ts';
import { answered, entry, only, plan } from '../../test/settle/plan-case.ts';
import { formatInstant } from '../activity/instant.ts';
import { CLOSE_MS_MAX } from '../limits.ts';

test('never comes back earlier than Retry-After, and at most a tenth and one second later', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 90_000_000 }),
      fc.double({ min: 0, max: 0.999, noNaN: true }),
      (ms, chance) => {
        const { closeMs } = plan(answered(429, { retryAfter: String(ms / 1000) }), { chance }).call;
        const floor = Math.min(ms, CLOSE_MS_MAX);
        assert.ok(closeMs >= floor && closeMs <= floor + Math.min(floor / 10, 1000) + 1, `${closeMs} for ${ms}`);
      },
    ),
  );
});

test('a throttle without a usable Retry-After closes longer each time, at most a minute', () => {
  const closures = [0, 1, 2, 5, 6, 50, 5000].map((refusedInARow) =>
    [0, 0.999].map(
      (chance) => plan(answered(429, { retryAfter: '-3' }), { lease: { refusedInARow }, chance }).call.closeMs,
    ),
  );
  assert.deepEqual(closures, [
    [1000, 1000],
    [1000, 1999],
    [2000, 3998],
    [16_000, 31_984],
    [30_000, 59_970],
    [30_000, 59_970],
    [30_000, 59_970],
  ]);
});

test('a throttled batch goes back at once and whole in number: the connection is closed, not its entries', () => {
  const entries = [entry(0), entry(1, 3, 7)];
  assert.deepEqual(plan(answered(429), { entries }).entries, [
    { kind: 'requeue', delayMs: 0, counted: false, group: 0 },
    { kind: 'requeue', delayMs: 0, counted: false, group: 0 },
  ]);
});

test('a server error uses up an attempt only if the connection works otherwise', () => {
  const countedWith = (failedInARow: number) => {
    const settled = only(plan(answered(500), { lease: { failedInARow }, entries: [entry(0, 9, 1)] }));
    return settled.kind;
  };
  assert.deepEqual([countedWith(0), countedWith(1)], ['deadLetter', 'requeue']);
});

test('five failed calls in a row open the breaker, throttles never do', () => {
  assert.equal(plan(answered(500), { lease: { failedInARow: 3 } }).call.block, null);
  assert.deepEqual(plan(answered(500), { lease: { failedInARow: 4 } }).call.block, {
    kind: 'breaker',
    reason: '5 calls in a row failed; the last: http_500: answered 500; the body is empty',
    probeEveryMs: 5000,
  });
  assert.equal(plan(answered(429), { lease: { failedInARow: 400 } }).call.block, null);
});

test('a connection that an operator must mend is held and probed once a minute, and nothing is dead-lettered', () => {
  const entries = [entry(0, 9, 1), entry(1)];
  for (const [reply, code] of [
    [answered(401), 'unauthorized'],
    [answered(402), 'payment_required'],
    [answered(403), 'forbidden'],
    [answered(404, { body: { error: { code: 'ConnectionNotFound' } } }), 'connection_not_found'],
    [answered(307), 'redirected'],
    [failed('credential', 'not-sent'), 'credential'],
  ] as const) {
    const { call, entries: planned } = plan(reply, { entries });
    assert.deepEqual(
      [call.block?.kind, call.block?.probeEveryMs, call.block?.reason.split(':')[0]],
      ['held', 60_000, code],
    );
    assert.ok(
      planned.every((one) => one.kind === 'requeue' && !one.counted && one.delayMs === 0),
      code,
    );
  }
});

test('a probe that fails does not end the block: no acceptance, no cleared count', () => {
  for (const reply of [
    answered(500),
    answered(401),
    answered(429),
    answered(200),
    answered(207, { body: { value: [] }, bodyProblem: null }),
    failed('timeout', 'maybe-sent'),
    failed('refused', 'not-sent'),
    failed('token', 'not-sent'),
    failed('lease', 'not-sent'),
  ]) {
    const { call } = plan(reply, { lease: { probe: true } });
    assert.ok(call.block !== null || (call.quota !== 'accepted' && call.failed !== false), JSON.stringify(reply));
  }
});

test('a refused call is split in two, in order, uncounted, and the halves are taken whole', () => {
  const groupsOf = (count: number) => {
    const { entries, call } = plan(answered(400), { entries: Array.from({ length: count }, (_, n) => entry(n)) });
    assert.equal(call.groupsWhole, true);
    return entries
      .map((one) => (one.kind === 'requeue' && !one.counted && one.delayMs === 0 ? one.group : one.kind))
      .join('');
  };
  assert.deepEqual([groupsOf(2), groupsOf(3), groupsOf(20)], ['01', '001', '00000000001111111111']);
  assert.equal(only(plan(answered(400))).kind, 'deadLetter');
});

test('one bad entry of twenty is found alone in at most ten more calls, and the others are delivered', () => {
  for (let bad = 0; bad < 20; bad++) {
    const batches = [Array.from({ length: 20 }, (_, n) => n)];
    const dead: number[] = [];
    let [delivered, calls] = [0, 0];
    for (let batch = batches.shift(); batch !== undefined; batch = batches.shift()) {
      const sent = batch;
      calls += 1;
      const value = sent.map((n) => ({ type: 'viewed', startDateTime: formatInstant(START + n) }));
      const reply = sent.includes(bad) ? answered(400) : answered(200, { body: { value }, bodyProblem: null });
      const { entries } = plan(reply, { entries: sent.map((n) => entry(n)), lease: { whole: calls > 1 } });
      const groups = Map.groupBy(sent, (_, index) => {
        const settled = entries[index]!;
        return settled.kind === 'requeue' ? settled.group : settled.kind;
      });
      dead.push(...(groups.get('deadLetter') ?? []));
      delivered += groups.get('ack')?.length ?? 0;
      for (const group of [0, 1]) if (groups.has(group)) batches.push(groups.get(group)!);
    }
    assert.deepEqual([dead, delivered], [[bad], 19]);
    assert.ok(calls - 1 <= 10, `${calls} calls`);
  }
});

test('a half that is throttled or lost comes back as it was, never mixed', () => {
  const entries = [entry(0), entry(1, 2, 9), entry(2)];
  for (const reply of [answered(429), answered(500), failed('reset', 'maybe-sent'), failed('refused', 'not-sent')]) {
    const { call, entries: planned } = plan(reply, { entries, lease: { whole: true } });
    assert.equal(call.groupsWhole, true);
    assert.deepEqual(new Set(planned.map((one) => one.kind === 'requeue' && `${one.group} ${one.delayMs}`)).size, 1);
    assert.equal(plan(reply, { entries }).call.groupsWhole, false);
  }
  const value = [0, 1, 2].map((n) => ({
    type: 'viewed',
    startDateTime: formatInstant(START + n),
    error: { code: 'x' },
  }));
  const judged = plan(answered(207, { body: { value }, bodyProblem: null }), { entries, lease: { whole: true } });
  assert.equal(judged.call.groupsWhole, false, 'each was judged for itself');
});
