/*
  Requests that were right before something happened to them: bytes changed, cut, doubled, values exchanged for nasty ones, headers
  and paths altered. Whatever it was, the answer is a decision and not a failure, what is refused is not stored, and the process
  stays as it was. Seeded, so that a failure can be seen again:
    FUZZ_REQUESTS=100000 FUZZ_SEED=7 node --test services/intake/test/fuzz.test.ts
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { BULK_URL, type FakeIntake, ITEM_URL, openFakeIntake, VALID } from './fake-parts.ts';

const REQUESTS = Number(process.env['FUZZ_REQUESTS'] ?? 3000);
const SEED = Number(process.env['FUZZ_SEED'] ?? 1);
/** One request; this machine may be doing other things. */
const MS_MAX = 5000;

type Draw = (below: number) => number;

/** Mulberry32. */
function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below);
  };
}

interface Request {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

const GRAPH_URL = '/v1.0/external/connections/hr1/items/a1/addActivities';
const LIST = { activities: [0, 1, 2].map((n) => ({ id: `x${n}`, itemId: `a${n}`, '@odata.type': '#x', ...VALID })) };
const LINES = LIST.activities.map((one) => JSON.stringify(one)).join('\n');
const SEEDS: readonly (readonly [url: string, type: string, body: string])[] = [
  [ITEM_URL, 'application/json', JSON.stringify(VALID)],
  [BULK_URL, 'application/json', JSON.stringify(LIST)],
  [BULK_URL, 'application/x-ndjson', LINES],
  [GRAPH_URL, 'application/json', JSON.stringify({ activities: [VALID, VALID] })],
];
const VALUES = [
  ...['null', '{}', '[]', '""', '-0', '1e400', '-1e400', '12345678901234567890', '1e-999', 'true', 'NaN', 'undefined'],
  ...['"\\ud800"', '"\\u0000"', '"__proto__"', '{"__proto__":{"polluted":1}}', '{"constructor":{"prototype":{}}}'],
  ...['[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]', '"../.."', '"%2e%2e"', '"a/b"', '"\\r\\nx: y"', '"\u202e"', "'x'"],
  ...['"2026-02-30T00:00:00Z"', '"2026-01-31T24:00:00Z"', '"9999-12-31T23:59:59.999999999999-23:59"'],
  `"${'x'.repeat(5000)}"`,
];
const HEADERS: readonly (readonly [string, string])[] = [
  ...['text/plain', 'application/json; charset=utf-16', 'application/json;charset=utf-8;charset=x', 'x', '', ','].map(
    (type) => ['content-type', type] as const,
  ),
  ...['gzip', 'br', 'gzip, gzip', ' '].map((coding) => ['content-encoding', coding] as const),
  ...['', '""', '"', 'k', '"k"', 'x'.repeat(256), '\u00e9', '"\\"'].map((key) => ['idempotency-key', key] as const),
  ...['wait', 'wait=', 'wait=-1', 'wait=1e9', 'wait=0, wait=0', 'respond-async;wait=0'].map(
    (prefer) => ['prefer', prefer] as const,
  ),
  ...['host', 'x-request-id', 'traceparent', 'authorization', 'x-api-key', 'client-request-id', 'accept'].map(
    (name) => [name, '<script>'] as const,
  ),
];
const METHODS = ['GET', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'POST'] as const;
const PLACES = [
  '..',
  '.',
  '%2e%2e',
  '%252e',
  'a%2fb',
  'a%00',
  '',
  '%',
  '%zz',
  'é',
  '\\',
  'x'.repeat(300),
  '?',
  '#',
  '//',
];

function pick<T>(draw: Draw, from: readonly T[]): T {
  return from[draw(from.length)]!;
}

const BODY_CHANGES: readonly ((body: Buffer, draw: Draw) => Buffer)[] = [
  (body, draw) => {
    const changed = Buffer.from(body);
    for (let n = draw(4); n >= 0; n--) changed[draw(changed.length)] = draw(256);
    return changed;
  },
  (body, draw) => body.subarray(0, draw(body.length)),
  (body, draw) => Buffer.concat([body.subarray(0, draw(body.length)), body.subarray(draw(body.length))]),
  (body) => Buffer.concat([body, body]),
  // A value of the text for a nasty one.
  (body, draw) => {
    const text = body.toString('latin1');
    const values = [...text.matchAll(/"[^"]*"(?=[,}\]])|(?<=":)(\{|\[)/g)];
    if (values.length === 0) return body;
    const { index, 0: value } = pick(draw, values);
    return Buffer.from(text.slice(0, index) + pick(draw, VALUES) + text.slice(index + value.length));
  },
  // A name for another, or a member more.
  (body, draw) => {
    const name = pick(draw, [
      '__proto__',
      'Type',
      'startDatetime',
      '@odata.x',
      'constructor',
      '',
      'itemId',
      'id',
      'a/b',
    ]);
    return Buffer.from(body.toString('latin1').replace('{"', `{"${name}":${pick(draw, VALUES)},"`));
  },
  (body, draw) => Buffer.from(body.toString('latin1').replaceAll('"', pick(draw, ['\\"', "'", '""', '\uff02']))),
  (body, draw) =>
    Buffer.from(body.toString('latin1').replaceAll('\n', pick(draw, ['\r', '\n\n', '\u2028', '\r\n', ' ']))),
];

function change(request: Request, draw: Draw): Request {
  const kind = draw(10);
  if (kind === 0) {
    const [name, value] = pick(draw, HEADERS);
    return { ...request, headers: { ...request.headers, [name]: value } };
  }
  if (kind === 1) return { ...request, method: pick(draw, METHODS) };
  if (kind === 2) {
    const parts = request.url.split('/');
    parts[1 + draw(parts.length - 1)] = pick(draw, PLACES);
    const url = parts.join('/');
    // What no URL can be does not get past inject; raw sockets send such paths elsewhere.
    return URL.canParse(url, 'http://localhost') ? { ...request, url } : request;
  }
  if (kind === 3)
    return { ...request, body: gzipSync(request.body), headers: { ...request.headers, 'content-encoding': 'gzip' } };
  return request.body.length === 0 ? request : { ...request, body: pick(draw, BODY_CHANGES)(request.body, draw) };
}

function makeRequest(draw: Draw): Request {
  const [url, type, body] = pick(draw, SEEDS);
  const headers = { host: 'localhost', 'content-type': type };
  let request: Request = { method: 'POST', url, headers, body: Buffer.from(body) };
  for (let n = draw(3); n >= 0; n--) request = change(request, draw);
  return request;
}

async function ask({ server }: FakeIntake, { method, url, headers, body }: Request) {
  const bodied = method !== 'GET' && method !== 'HEAD';
  const answer = await server.app.inject({
    method: method as 'POST',
    url,
    headers,
    ...(bodied && { payload: body }),
  });
  return { status: answer.statusCode, type: String(answer.headers['content-type']), text: answer.body };
}

test(`${REQUESTS} requests that something happened to: each is decided, and nothing of a refused one is stored`, async (t) => {
  const draw = drawFrom(SEED);
  const intake = openFakeIntake();
  const byStatus: Record<number, number> = {};
  let slowest = 0;
  for (let n = 0; n < REQUESTS; n++) {
    const request = makeRequest(draw);
    const what = () =>
      `seed ${SEED}, request ${n}: ${request.method} ${request.url} ${JSON.stringify(request.headers)} ${request.body.toString('latin1').slice(0, 600)}`;
    const begun = performance.now();
    const { status, type, text } = await ask(intake, request);
    slowest = Math.max(slowest, performance.now() - begun);
    byStatus[status] = (byStatus[status] ?? 0) + 1;
    // Graph's other paths are not supported, and say so.
    assert.ok(status < 500 || (status === 501 && /^\/(v1\.0|beta)\b/.test(request.url)), `${status} ${text} ${what()}`);
    if (status >= 400 && request.method !== 'HEAD') {
      const body = JSON.parse(text);
      assert.match(body.code ?? body.error.code, /^[A-Za-z0-9_]+$/, what());
      assert.match(type, /^application\/(problem\+)?json/, what());
      // A stream that breaks off keeps what it has stored, and says up to which line.
      if (!(body.lastLine > 0)) assert.equal(intake.store.pieces.length, 0, what());
    }
    intake.store.pieces.length = 0;
    intake.store.wakes.length = 0;
  }
  assert.equal(Object.hasOwn(Object.prototype, 'polluted'), false);
  assert.deepEqual(intake.logs, []);
  assert.ok(slowest < MS_MAX, `${slowest} ms`);
  assert.equal((await intake.post(ITEM_URL, VALID)).status, 202);
  t.diagnostic(`by status ${JSON.stringify(byStatus)}; the slowest took ${slowest.toFixed(1)} ms`);
});
