import assert from 'node:assert/strict';
import { connect, createServer } from 'node:net';
import { type TestContext, test } from 'node:test';
import { eventually, type RedisServer, type Service, spawnService, startRedis } from '@sluice/testing';
import { BULK_URL, type FakeAnswer, ITEM_URL, VALID } from './fake-parts.ts';

async function startIntake(
  t: TestContext,
  env: Record<string, string> = {},
): Promise<{ redis: RedisServer; intake: Service; url: string }> {
  const redis = await startRedis({ appendOnly: true });
  t.after(() => redis.stop());
  const intake = await spawnService({ service: 'intake', env: { REDIS_URL: redis.url, ...env } });
  t.after(() => intake.kill('SIGKILL'));
  assert.ok(intake.url);
  return { redis, intake, url: intake.url };
}

async function post(url: string, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const began = performance.now();
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as FakeAnswer['body'],
    ms: performance.now() - began,
  };
}

/** As a producer does: a disk that is slow for a moment is answered 503, and what was stored then is found under the key. */
async function postUntilTaken(url: string, body: unknown, key: string) {
  const taken = async () => {
    const answer = await post(url, body, { 'idempotency-key': `"${key}"` });
    return answer.status === 503 ? null : answer;
  };
  return await eventually(taken, { withinMs: 60_000, what: 'it is taken' });
}

/** Bytes as they are: fetch would clean the path up. */
function raw(url: string, request: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(request));
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  socket.on('close', () => resolve(text));
  return promise;
}

test('what is posted is stored, and its receipt says so', async (t) => {
  const { url, intake } = await startIntake(t);
  assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/);
  const one = await postUntilTaken(`${url}${ITEM_URL}`, { ...VALID, id: 'x' }, 'one');
  assert.equal(one.status, 202, JSON.stringify(one.body));
  assert.equal(one.headers.get('sluice-durability'), 'fsync');
  const activities = Array.from({ length: 1200 }, (_, at) => ({ itemId: `a${at % 700}`, ...VALID }));
  const many = await postUntilTaken(`${url}${BULK_URL}`, { activities: [...activities, 7] }, 'many');
  assert.deepEqual([many.status, many.body.accepted, many.body.rejected.length], [207, 1200, 1]);
  const location = many.headers.get('location');
  assert.equal(location, `/v1/receipts/${many.body.receiptId}`);
  assert.match(many.body.receiptId, /^s0[A-Za-z0-9]{12}$/);
  const receipt = (await (await fetch(`${url}${location}`)).json()) as FakeAnswer['body'];
  assert.deepEqual(
    [receipt.final, receipt.counts.pending, receipt.counts.rejected, receipt.entriesTotal],
    [false, 1200, 1, 1],
  );
  assert.equal(receipt.connectionId, 'hr1');
  assert.equal(receipt.entries[0].pointer, '#/activities/1200');
  assert.match(receipt.acceptedAt, /^20\d\d-.*Z$/);
  assert.equal((await fetch(`${url}/health/ready`)).status, 200);
  assert.match(
    await (await fetch(`${url}/metrics`)).text(),
    /sluice_build_info\{service="intake",version="0\.1\.0"\} 1/,
  );
  const exit = await intake.kill();
  assert.deepEqual(exit, { code: 0, signal: null });
});

test('Redis silent, then gone: 503 within a second, live all the while, and 202 again when it is back', async (t) => {
  const { url, redis, intake } = await startIntake(t);
  const send = () => post(`${url}${ITEM_URL}`, VALID);
  assert.equal((await send()).status, 202);
  redis.pause();
  const silent = await Promise.all(Array.from({ length: 50 }, send));
  redis.resume();
  for (const { status, body, ms } of silent) {
    assert.deepEqual([status, body.code], [503, 'store_unavailable']);
    assert.ok(ms < 3000, `${ms} ms`);
  }
  await eventually(async () => (await send()).status === 202, { withinMs: 5000, what: '202 after the silence' });
  await redis.kill9();
  const gone = await send();
  assert.deepEqual([gone.status, gone.body.code], [503, 'store_unavailable']);
  assert.ok(gone.ms < 3000, `${gone.ms} ms`);
  assert.doesNotMatch(JSON.stringify(gone.body), /ECONN|redis:/);
  assert.equal((await fetch(`${url}/health/live`)).status, 200);
  await redis.restart();
  await eventually(async () => (await send()).status === 202, { withinMs: 5000, what: '202 after the restart' });
  assert.equal((await intake.kill()).code, 0);
});

test('a Redis that does not write to disk is below what a 202 promises', async (t) => {
  const redis = await startRedis();
  t.after(() => redis.stop());
  const intake = await spawnService({ service: 'intake', env: { REDIS_URL: redis.url } });
  t.after(() => intake.kill('SIGKILL'));
  const refused = await post(`${intake.url}${ITEM_URL}`, VALID);
  assert.deepEqual([refused.status, refused.body.code], [503, 'durability_not_reached']);
});

test('paths that climb are refused as they come', async (t) => {
  const { url } = await startIntake(t);
  for (const id of ['..', '.', '%2e%2e', '%252e%252e', '..%2f..', '..;', 'a%00', '%ff']) {
    const path = `/v1/connections/hr1/items/${id}/activities`;
    const body = JSON.stringify(VALID);
    const answer = await raw(
      url,
      `POST ${path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
    assert.match(answer, /^HTTP\/1\.1 400 /, `${path}: ${answer.slice(0, 100)}`);
  }
  assert.match(
    await raw(url, 'GET /health/live HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n'),
    /^HTTP\/1\.1 421 /,
  );
});

test('SIGTERM finishes the request that is under way; a second signal does not wait', async (t) => {
  const { url, intake } = await startIntake(t);
  const body = JSON.stringify(VALID);
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  socket.on('error', () => {});
  socket.write(
    `POST ${ITEM_URL} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, 20)}`,
  );
  await eventually(async () => (await metric(url)) > 0, { withinMs: 5000, what: 'the server has begun' });
  const exited = intake.kill();
  await intake.waitFor('stopping');
  assert.equal((await fetch(`${url}/health/ready`)).status, 503);
  socket.write(body.slice(20));
  await eventually(() => text.includes('"accepted":1'), { withinMs: 5000, what: 'the answer' });
  assert.match(text, /^HTTP\/1\.1 202 /);
  assert.deepEqual(await exited, { code: 0, signal: null });

  const other = await startIntake(t);
  const held = connect(Number(new URL(other.url).port), '127.0.0.1');
  held.on('error', () => {});
  held.write(
    `POST ${ITEM_URL} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n`,
  );
  await eventually(async () => (await metric(other.url)) > 0, { withinMs: 5000, what: 'the server has begun' });
  const gone = other.intake.kill();
  await other.intake.waitFor('stopping');
  const began = performance.now();
  assert.equal((await other.intake.kill()).code, 1);
  assert.ok(performance.now() - began < 2000);
  await gone;
  held.destroy();
});

/** Requests answered so far. Each look is one, so a second look proves that what was sent before the first has been read. */
async function metric(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/sluice_accept_requests_total\{route="\/metrics",status="200"\} (\d+)/.exec(text)?.[1] ?? 0);
}

test('SIGTERM with Redis away still ends with exit 0', async (t) => {
  const { redis, intake } = await startIntake(t);
  await redis.kill9();
  assert.deepEqual(await intake.kill(), { code: 0, signal: null });
});

test('wrong configuration exits 78 with one message; a taken port exits 1 naming it', async (t) => {
  const wrong = await spawnService({
    service: 'intake',
    readyMsg: null,
    env: { SLUICE_LINGER_MS: 'x', SLUICE_BIND: '0.0.0.0' },
  });
  assert.deepEqual(await wrong.exited, { code: 78, signal: null });
  const text = wrong.logs.map(({ msg }) => msg).join('\n');
  assert.match(text, /^2 settings are wrong:\n/m);
  assert.match(text, /^ {2}SLUICE_LINGER_MS is "x": must be a whole number from 0 to 3600000\.$/m);
  assert.match(text, /SLUICE_BIND is "0\.0\.0\.0": .*SLUICE_ALLOW_ANONYMOUS=1/);

  const taken = createServer().listen(0, '127.0.0.1');
  t.after(() => taken.close());
  await eventually(() => taken.listening, { withinMs: 1000, what: 'listening' });
  const { port } = taken.address() as { port: number };
  const redis = await startRedis({ appendOnly: true });
  t.after(() => redis.stop());
  const second = await spawnService({
    service: 'intake',
    readyMsg: null,
    env: { REDIS_URL: redis.url, PORT: String(port) },
  });
  assert.deepEqual(await second.exited, { code: 1, signal: null });
  assert.match(second.logs.map(({ msg }) => msg).join('\n'), new RegExp(`port ${port} of 127\\.0\\.0\\.1 is taken`));
});

test('a Redis that is not there at the start is waited for a moment, then told of, and used when it comes', async (t) => {
  const redis = await startRedis({ appendOnly: true });
  t.after(() => redis.stop());
  await redis.kill9();
  const intake = await spawnService({ service: 'intake', env: { REDIS_URL: redis.url } });
  t.after(() => intake.kill('SIGKILL'));
  assert.equal((await fetch(`${intake.url}/health/ready`)).status, 503);
  const refused = await post(`${intake.url}${ITEM_URL}`, VALID);
  assert.deepEqual([refused.status, refused.body.code], [503, 'store_unavailable']);
  await redis.restart();
  await eventually(async () => (await post(`${intake.url}${ITEM_URL}`, VALID)).status === 202, {
    withinMs: 5000,
    what: '202',
  });
});
