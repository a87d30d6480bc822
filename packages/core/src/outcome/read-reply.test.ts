import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { encodeEntry } from '../activity/entry.ts';
import { formatInstant, parseInstant } from '../activity/instant.ts';
import { ANSWER_ROWS } from './answers.ts';
import { readReply } from './read-reply.ts';
import type { AnsweredReply, FailureCode, Reply } from './reply.ts';

const NOW = Date.parse('2026-11-24T12:00:00Z');
const START = Date.parse('2021-04-06T18:04:31.033Z');
const FIXTURES = new URL('../../../../../shared/graph/fixtures/', import.meta.url);

function entries(count: number): string[] {
  return Array.from({ length: count }, (_, n) =>
    encodeEntry({ type: 'viewed', startMs: START + n, performedBy: { type: 'user', id: `p${n}` } }, n, null),
  );
}

function results(errors: readonly unknown[]): unknown {
  return {
    value: errors.map((error, n) => ({
      type: 'viewed',
      startDateTime: formatInstant(START + n),
      ...(error === undefined ? {} : { error }),
    })),
  };
}

function answered(
  status: number,
  parts: Partial<AnsweredReply> & { readonly retryAfter?: string } = {},
): AnsweredReply {
  const { retryAfter = null, ...rest } = parts;
  const headers = { retryAfter, date: null, requestId: 'r-1', wwwAuthenticate: null };
  return {
    kind: 'answered',
    status,
    headers,
    body: undefined,
    bodyProblem: null,
    bodyExcerpt: '',
    durationMs: 1,
    ...rest,
  };
}

function failed(code: FailureCode, certainty: 'not-sent' | 'maybe-sent'): Reply {
  return { kind: 'failed', certainty, code, message: 'it broke', durationMs: 1 };
}

function read(reply: Reply, count = 2, outcomes?: Record<string, 'retry' | 'dead' | 'hold'>) {
  return readReply({ reply, entries: entries(count), nowMs: NOW, ...(outcomes === undefined ? {} : { outcomes }) });
}

function errorBody(code: string, message = 'm', innerError?: unknown): unknown {
  return { error: { code, message, innerError } };
}

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

test('every status has its row', () => {
  const table: Record<
    string,
    readonly [verdict: string, counted: string, quota: string, failed: boolean | null, hold: string | null]
  > = {
    301: ['retryable', 'never', 'none', null, 'redirected'],
    307: ['retryable', 'never', 'none', null, 'redirected'],
    400: ['rejected', 'never', 'accepted', false, null],
    401: ['retryable', 'never', 'none', null, 'unauthorized'],
    402: ['retryable', 'never', 'none', null, 'payment_required'],
    403: ['retryable', 'never', 'none', null, 'forbidden'],
    404: ['retryable', 'always', 'accepted', false, null],
    405: ['rejected', 'never', 'accepted', false, null],
    406: ['rejected', 'never', 'accepted', false, null],
    408: ['unknown', 'when-others-succeed', 'none', true, null],
    409: ['retryable', 'always', 'accepted', false, null],
    411: ['rejected', 'never', 'accepted', false, null],
    412: ['retryable', 'always', 'accepted', false, null],
    413: ['rejected', 'never', 'accepted', false, null],
    415: ['rejected', 'never', 'accepted', false, null],
    418: ['retryable', 'always', 'none', true, null],
    422: ['rejected', 'never', 'accepted', false, null],
    423: ['retryable', 'always', 'accepted', false, null],
    425: ['unknown', 'when-others-succeed', 'none', true, null],
    429: ['retryable', 'never', 'refused', null, null],
    500: ['unknown', 'when-others-succeed', 'none', true, null],
    501: ['rejected', 'never', 'accepted', false, null],
    502: ['unknown', 'when-others-succeed', 'none', true, null],
    503: ['unknown', 'when-others-succeed', 'none', true, null],
    504: ['unknown', 'when-others-succeed', 'none', true, null],
    507: ['unknown', 'never', 'none', null, 'storage_full'],
    509: ['retryable', 'never', 'refused', null, null],
    100: ['unknown', 'always', 'none', true, null],
    999: ['unknown', 'always', 'none', true, null],
  };
  for (const [status, row] of Object.entries(table)) {
    const { entries: verdicts, call } = read(answered(Number(status), { bodyProblem: 'empty' }), 1);
    const { verdict, counted } = verdicts[0]!;
    assert.deepEqual([verdict, counted, call.quota, call.failed, call.hold?.code ?? null], row, status);
  }
});

test('a request that is refused is split before anything is rejected', () => {
  for (const status of [400, 405, 406, 411, 413, 415, 422, 501]) {
    const several = read(answered(status, { body: errorBody('InvalidRequest') }), 20);
    assert.equal(several.call.bisect, true);
    assert.ok(several.entries.every(({ verdict, counted }) => verdict === 'retryable' && counted === 'never'));
    const alone = read(answered(status, { body: errorBody('InvalidRequest', 'no @odata.type') }), 1);
    assert.deepEqual(
      [alone.call.bisect, alone.entries[0]!.verdict, alone.entries[0]!.code],
      [false, 'rejected', 'InvalidRequest'],
    );
    assert.equal(alone.entries[0]!.message, `${status} no @odata.type`);
  }
});

test('a 404 belongs to the connection if its error names it, else to the item, which may appear late', () => {
  const holdOf = (body: unknown) => read(answered(404, { body }), 1).call.hold?.code ?? null;
  for (const body of [
    errorBody('ConnectionNotFound'),
    errorBody('NotFound', 'm', { code: 'ExternalConnectionNotFound' }),
    errorBody('NotFound', "The external connection 'items1' was not found."),
    errorBody('', 'm', { message: 'No such connection' }),
  ]) {
    assert.equal(holdOf(body), 'connection_not_found', JSON.stringify(body));
  }
  for (const body of [
    undefined,
    '<html>',
    errorBody('ItemNotFound', 'not found'),
    errorBody('itemNotFound', "Item 'a1' was not found in connection 'hr'."),
    errorBody('NotFound', "Resource 'connection' not found."),
  ]) {
    assert.equal(holdOf(body), null, JSON.stringify(body));
    assert.equal(read(answered(404, { body }), 1).entries[0]!.delayMsMin, 60_000);
  }
});

test('a 404 that names nothing belongs to the connection from the third on, as long as none of its calls had a 2xx', () => {
  const missing = (missedBefore: number | null, body: unknown = undefined) =>
    readReply({ reply: answered(404, { body }), entries: entries(1), nowMs: NOW, missedBefore });
  for (const missedBefore of [null, 0, 1]) {
    const { call, entries: verdicts } = missing(missedBefore);
    assert.deepEqual([call.hold, call.target, verdicts[0]!.counted], [null, 'missing', 'always'], String(missedBefore));
  }
  for (const missedBefore of [2, 3, 50]) {
    const { call, entries: verdicts } = missing(missedBefore, errorBody('itemNotFound', 'gone'));
    assert.deepEqual([call.hold?.code, call.target], ['connection_not_found', 'presumed']);
    assert.match(call.hold!.reason, /nothing of it was ever found, every call was answered 404 gone/);
    assert.deepEqual([verdicts[0]!.verdict, verdicts[0]!.counted, verdicts[0]!.delayMsMin], ['retryable', 'never', 0]);
  }
  const named = missing(null, errorBody('ConnectionNotFound'));
  assert.deepEqual([named.call.hold?.code, named.call.target], ['connection_not_found', 'missing']);
  assert.equal(read(answered(200, { body: results([null, null]) })).call.target, 'found');
  assert.equal(read(answered(200, { bodyProblem: 'cut-off' })).call.target, 'found');
  assert.equal(read(answered(429)).call.target, null);
});

test('Retry-After closes for a throttle and an overload, and delays the entries of other refusals', () => {
  for (const status of [429, 503, 507, 509]) {
    const { call } = read(answered(status, { bodyProblem: 'empty', retryAfter: '2.5' }));
    assert.deepEqual(call.closure, { kind: 'retry-after', ms: 2500 }, String(status));
  }
  for (const status of [404, 408, 409, 412, 418, 423, 425, 500, 502, 504]) {
    const { call, entries: verdicts } = read(answered(status, { bodyProblem: 'empty', retryAfter: '120' }));
    assert.deepEqual([call.closure, verdicts[0]!.delayMsMin], [null, 120_000], String(status));
  }
  for (const [status, closure] of [
    [429, { kind: 'backoff' }],
    [509, { kind: 'backoff' }],
    [503, null],
  ] as const) {
    assert.deepEqual(read(answered(status, { bodyProblem: 'empty', retryAfter: 'soon' })).call.closure, closure);
  }
});

test('where a call failed decides what is known', () => {
  for (const code of ['refused', 'dns', 'tls', 'connect-timeout', 'protocol', 'reset', 'timeout'] as const) {
    const { entries: verdicts, call } = read(failed(code, 'not-sent'));
    assert.deepEqual(
      [verdicts[0]!.verdict, verdicts[0]!.counted, call.failed, call.certainty],
      ['retryable', 'never', true, 'not-sent'],
    );
  }
  for (const code of ['timeout', 'reset', 'protocol'] as const) {
    const { entries: verdicts, call } = read(failed(code, 'maybe-sent'));
    assert.deepEqual([verdicts[0]!.verdict, verdicts[0]!.counted, call.failed], ['unknown', 'always', true]);
    assert.deepEqual([verdicts[0]!.code, call.certainty], [code, 'maybe-sent']);
  }
  assert.deepEqual(read(failed('lease', 'not-sent')).call.failed, null);
  assert.deepEqual(read(failed('token', 'not-sent')).call.closure, { kind: 'brief' });
  assert.equal(read(failed('credential', 'not-sent')).call.hold?.reason, 'credential: it broke');
  const unsendable = read(failed('unsendable', 'not-sent'));
  assert.deepEqual([unsendable.entries[0]!.verdict, unsendable.call.bisect], ['rejected', false]);
});

test('the table names every status from 200 to 599 and every failure once', () => {
  const covers = (status: number) =>
    ANSWER_ROWS.some(({ statuses }) =>
      statuses.some((one) => (typeof one === 'number' ? one === status : one[0] <= status && status <= one[1])),
    );
  for (let status = 200; status < 600; status++) assert.ok(covers(status), String(status));
  const failures = ANSWER_ROWS.flatMap((row) => row.failures);
  assert.equal(new Set(failures).size, failures.length);
  const codes = ANSWER_ROWS.flatMap((row) => row.entryCodes);
  assert.deepEqual(codes, [...new Set(codes.map((code) => code.toLowerCase()))]);
  assert.ok(ANSWER_ROWS.every(({ why, answer }) => why !== '' && answer !== ''));
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
