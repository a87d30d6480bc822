import assert from 'node:assert/strict';
import { test } from 'node:test';
import { answered, entries, errorBody, failed, NOW, read, results } from '../../test/outcome/replies.ts';
import { ANSWER_ROWS } from './answers.ts';
import { readReply } from './read-reply.ts';

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
