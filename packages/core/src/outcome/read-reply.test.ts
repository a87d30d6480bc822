import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { answered, errorBody, NOW, read, results, START } from '../../test/outcome/replies.ts';
import { encodeEntry } from '../activity/entry.ts';
import { formatInstant, parseInstant } from '../activity/instant.ts';
import { readReply } from './read-reply.ts';
import type { Reply } from './reply.ts';

const FIXTURES = new URL('../../../../../shared/graph/fixtures/', import.meta.url);

test('200 and 207 are read alike: an entry is delivered exactly when its error is null or absent', () => {
  for (const status of [200, 201, 207]) {
    const { entries: verdicts, call } = read(
      answered(status, { body: results([null, undefined, { code: 'generalException' }]) }),
      3,
    );
    assert.deepEqual(
      verdicts.map(({ verdict }) => verdict),
      ['delivered', 'delivered', 'retryable'],
    );
    assert.deepEqual([call.quota, call.failed, call.certainty, call.closure], ['accepted', false, 'sent', null]);
  }
});

test('the deepest known code decides, in any case and spelling of innerError; unknown codes are retried', () => {
  const verdictOf = (error: unknown) => read(answered(207, { body: results([error]) }), 1).entries[0]!;
  assert.equal(verdictOf({ code: 'INVALIDREQUEST' }).verdict, 'rejected');
  assert.equal(verdictOf({ code: 'invalidSomethingNew' }).verdict, 'rejected');
  assert.equal(verdictOf({ code: 'generalException', innererror: { code: 'badRequest' } }).verdict, 'rejected');
  assert.equal(verdictOf({ code: 'badRequest', innerError: { code: 'serviceNotAvailable' } }).verdict, 'retryable');
  assert.equal(verdictOf({ code: 'badRequest', innerError: { code: 'neverHeardOf' } }).verdict, 'rejected');
  for (const error of [{ code: 'neverHeardOf' }, {}, 'text', 7, true, [], { code: null, innerError: null }]) {
    assert.deepEqual(
      [verdictOf(error).verdict, verdictOf(error).counted],
      ['retryable', 'always'],
      JSON.stringify(error),
    );
  }
  const reason = verdictOf({
    code: 'badRequest',
    message: 'outer',
    innerError: { code: 'invalidRange', message: 'x'.repeat(900) },
  });
  assert.deepEqual([reason.code, reason.message.length, reason.requestId], ['invalidRange', 300, 'r-1']);
});

test('a code of the operator beats the table', () => {
  const body = results([{ code: 'accessDenied', innerError: { code: 'badRequest' } }]);
  const verdictOf = (outcomes: Record<string, 'retry' | 'dead' | 'hold'>) => read(answered(207, { body }), 1, outcomes);
  assert.equal(verdictOf({ AccessDENIED: 'retry' }).entries[0]!.verdict, 'retryable');
  assert.equal(verdictOf({ other: 'retry' }).entries[0]!.verdict, 'rejected');
  const held = verdictOf({ accessdenied: 'hold' });
  assert.deepEqual(
    [held.entries[0]!.verdict, held.entries[0]!.counted, held.call.hold?.code],
    ['retryable', 'never', 'outcome_hold'],
  );
  assert.equal(held.call.quota, 'none', 'a probe that ends in the hold again was not taken');
});

test('a permanent code of one entry is a dead letter, whichever of the listed it is', () => {
  for (const code of ['badRequest', 'notSupported', 'accessDenied', 'itemNotFound', 'invalidAnything']) {
    const { entries: verdicts, call } = read(answered(207, { body: results([null, { code }]) }));
    assert.deepEqual([verdicts[1]!.verdict, verdicts[1]!.counted, call.unlisted], ['rejected', 'never', []], code);
  }
});

test('what is shown of an answer is cut with a mark, so that what is left of an id at its end can be told', () => {
  const page = answered(502, { body: undefined, bodyProblem: 'not-json', bodyExcerpt: `<p>${'x'.repeat(500)}` });
  assert.match(read(page).call.reason, /^http_502: 502 <p>x{116}…$/);
  const { call } = read(answered(207, { body: results([null, { code: 'neverSeen', message: 'x'.repeat(2000) }]) }));
  assert.match(call.unlisted[0]!.excerpt, /^.{999}…$/);
});

test('results that contradict each other leave their entry unknown, counted; the one beside it is taken', () => {
  const { value } = results([null, null]) as { readonly value: readonly object[] };
  const refused = { ...value[0], error: { code: 'invalidRequest' } };
  const { entries: verdicts } = read(answered(207, { body: { value: [value[0], refused, value[1]] } }));
  assert.deepEqual(
    verdicts.map(({ verdict, counted, code }) => [verdict, counted, code]),
    [
      ['unknown', 'always', 'result_ambiguous'],
      ['delivered', 'never', 'delivered'],
    ],
  );
});

test('a throttle of one entry closes, uses up no attempt, and counts as a refusal', () => {
  for (const code of [
    'activityLimitReached',
    'throttledRequest',
    'TooManyRequests',
    'Too Many Requests',
    'quota',
    '429',
  ]) {
    const { entries: verdicts, call } = read(answered(207, { body: results([null, { code }]), retryAfter: '3' }));
    assert.deepEqual([verdicts[1]!.verdict, verdicts[1]!.counted], ['retryable', 'never']);
    assert.deepEqual([call.quota, call.closure], ['refused', { kind: 'retry-after', ms: 3000 }]);
  }
  const silent = read(answered(207, { body: results([{ code: 'throttledRequest' }]) }), 1);
  assert.deepEqual(silent.call.closure, { kind: 'backoff' });
});

test('a transient code of one entry is known: tried again, counted, and not told as unlisted', () => {
  for (const code of [
    'serviceNotAvailable',
    'ServiceUnavailable',
    'serviceBusy',
    'generalException',
    'InternalServerError',
    'internalError',
    'UnknownError',
    'timeout',
    'requestTimeout',
    'GatewayTimeout',
    'badGateway',
    'conflict',
  ]) {
    const { entries: verdicts, call } = read(answered(207, { body: results([null, { code }]) }));
    assert.deepEqual([verdicts[1]!.verdict, verdicts[1]!.counted], ['retryable', 'always']);
    assert.deepEqual(call.unlisted, [], code);
  }
});

test('a Retry-After beside results that were all taken closes too: Graph asks for a pause', () => {
  const { call } = read(answered(200, { body: results([null, null]), retryAfter: '3' }));
  assert.deepEqual([call.quota, call.closure], ['accepted', { kind: 'retry-after', ms: 3000 }]);
});

test('a 2xx whose body cannot be read leaves every entry unknown, and proves nothing about the connection', () => {
  for (const parts of [
    { bodyProblem: 'empty' },
    { bodyProblem: 'not-json', bodyExcerpt: '<html>' },
    { bodyProblem: 'too-large' },
    { bodyProblem: 'cut-off' },
    { body: null },
    { body: [] },
    { body: { value: null } },
    { body: { value: {} } },
    { body: { value: [] } },
    { body: errorBody('generalException') },
  ] as const) {
    const { entries: verdicts, call } = read(answered(200, parts));
    assert.ok(
      verdicts.every(({ verdict, counted }) => verdict === 'unknown' && counted === 'always'),
      JSON.stringify(parts),
    );
    assert.deepEqual([call.certainty, call.quota, call.failed], ['maybe-sent', 'none', true]);
  }
});

test('results that belong to no entry are ignored, but counted', () => {
  const { entries: verdicts, call } = read(answered(200, { body: results([null, null, null]) }), 2);
  assert.deepEqual([verdicts.map(({ verdict }) => verdict), call.extraResults], [['delivered', 'delivered'], 1]);
});

test('whatever the answer, every entry gets a verdict, bounded in length, and nothing is thrown', () => {
  const headers = fc.record({
    retryAfter: fc.option(fc.string()),
    date: fc.option(fc.string()),
    requestId: fc.option(fc.string()),
    wwwAuthenticate: fc.option(fc.string()),
  });
  const value = fc.array(
    fc.oneof(
      fc.anything(),
      fc.record({
        type: fc.constant('viewed'),
        startDateTime: fc.integer({ min: 0, max: 5 }).map((n) => formatInstant(START + n)),
        error: fc.anything(),
      }),
    ),
  );
  const reply: fc.Arbitrary<Reply> = fc.record({
    kind: fc.constant('answered' as const),
    status: fc.integer({ min: 0, max: 999 }),
    headers,
    body: fc.oneof(fc.anything(), fc.record({ value }), fc.record({ error: fc.anything() })),
    bodyProblem: fc.constantFrom(null, 'empty' as const, 'not-json' as const),
    bodyExcerpt: fc.string({ unit: 'binary' }),
    durationMs: fc.nat(),
  });
  fc.assert(
    fc.property(reply, fc.integer({ min: 0, max: 6 }), (any, count) => {
      const outcome = read(any, count);
      assert.equal(outcome.entries.length, count);
      for (const { message, code, verdict } of outcome.entries) {
        assert.ok(message.length <= 300 && message.isWellFormed() && code.length <= 64 && code !== '');
        assert.doesNotMatch(`${message}${code}${outcome.call.reason}`, /\p{Cc}/u, 'no control characters');
        assert.ok(['delivered', 'retryable', 'rejected', 'unknown'].includes(verdict));
      }
      const taken = any.kind === 'answered' && any.status >= 200 && any.status < 300;
      assert.ok(taken || outcome.entries.every(({ verdict }) => verdict !== 'delivered'), 'only a 2xx delivers');
    }),
    { numRuns: 1000 },
  );
});

test("Microsoft's examples and the synthetic answers are read as they are meant", (t) => {
  const examples = readFixtures(t, [
    'synthetic/addActivities.207.partial.json',
    'synthetic/addActivities.207.all-failed.json',
    'synthetic/addActivities.200.error-absent-or-nonnull.json',
  ]);
  if (examples === null) return;
  const verdicts = examples.map(({ status, body }) => {
    const sent = body.value.map(({ type, startDateTime }: { type: 'viewed'; startDateTime: string }) =>
      encodeEntry(
        { type, startMs: parseInstant(startDateTime) as number, performedBy: { type: 'user', id: 'p' } },
        0,
        null,
      ),
    );
    const outcome = readReply({ reply: answered(status, { body }), entries: sent, nowMs: NOW });
    return outcome.entries.map(({ verdict, code }) => `${verdict} ${code}`);
  });
  assert.deepEqual(verdicts, [
    ['delivered delivered', 'retryable ServiceBusy', 'rejected invalidRequest', 'delivered delivered'],
    ['retryable throttledRequest', 'retryable generalException'],
    ['delivered delivered', 'retryable generalException'],
  ]);
});

test('every observed Retry-After is honoured', (t) => {
  const examples = readFixtures(t, ['examples/retry-after-observed-values.json']);
  if (examples === null) return;
  for (const { value } of examples[0].values) {
    const { call } = read(answered(429, { bodyProblem: 'empty', ...(value === null ? {} : { retryAfter: value }) }));
    const expected =
      value === null ? { kind: 'backoff' } : { kind: 'retry-after', ms: Math.ceil(Number(value) * 1000) };
    assert.deepEqual(call.closure, expected, value);
  }
});

// biome-ignore lint/suspicious/noExplicitAny: foreign JSON, looked at by the tests above only.
function readFixtures(t: TestContext, names: readonly string[]): any[] | null {
  if (!existsSync(FIXTURES)) {
    t.diagnostic('the examples are not beside this clone: nothing was checked against them');
    return null;
  }
  return names.map((name) => JSON.parse(readFileSync(new URL(name, FIXTURES), 'utf8')));
}
