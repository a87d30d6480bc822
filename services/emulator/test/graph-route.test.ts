import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, manualClock } from '@sluice/testing';
import { LEDGER_FILE } from '../src/ledger/ledger.ts';
import { activities, type Json, startWith } from './client.ts';

const FIXTURES = fileURLToPath(new URL('../../../../shared/graph/fixtures/', import.meta.url));

test('a call is answered as documented, with ids that lead to its line in the ledger', async (t) => {
  const clock = manualClock(Date.parse('2026-03-01T12:00:00.500Z'));
  const { call, ledger } = await startWith(t, {}, { clock });
  const { status, headers, text } = await call({ entries: 2, headers: { 'client-request-id': 'mine-1' } });
  assert.equal(status, 200);
  assert.equal(headers['content-type'], 'application/json');
  assert.equal(headers['client-request-id'], 'mine-1');
  assert.equal(headers['date'], 'Sun, 01 Mar 2026 12:00:00 GMT');
  assert.match(String(headers['request-id']), /^[0-9a-f]{8}-[0-9a-f]{4}-4000-8000-[0-9a-f]{12}$/);
  assert.deepEqual(JSON.parse(text).value[0], {
    '@odata.type': '#microsoft.graph.externalConnectors.externalActivityResult',
    type: 'viewed',
    startDateTime: '2026-01-01T00:00:00.000Z',
    error: null,
  });
  const lines = await ledger();
  assert.deepEqual(lines[1], {
    seq: 2,
    call: Number.parseInt(String(headers['request-id']).slice(-12), 16),
    at: '2026-03-01T12:00:00.500Z',
    tenant: 'contoso',
    connection: 'tickets',
    item: 'a1',
    position: 1,
    activity: activities(2)[1],
    clientRequestId: 'mine-1',
    answered: true,
  });
});

test('without a client-request-id the request-id stands in its place', async (t) => {
  const { call } = await startWith(t, {});
  const { headers } = await call();
  assert.equal(headers['client-request-id'], headers['request-id']);
});

test('both versions and both action names are the same route', async (t) => {
  const { call, ledger } = await startWith(t, {});
  for (const version of ['v1.0', 'beta']) {
    for (const action of ['addActivities', 'microsoft.graph.externalConnectors.addActivities', 'addActivities?x=1']) {
      assert.equal((await call({ version, action, entries: 1 })).status, 200, `${version} ${action}`);
    }
  }
  assert.equal((await ledger()).length, 6);
});

test('what Graph would refuse is refused in its error shape and not in the ledger', async (t) => {
  const { call, send, ledger } = await startWith(t, {});
  const refused = [
    [400, await call({ body: '{"activities":[]}' })],
    [400, await call({ item: '%2e%2e' })],
    [400, await call({ item: 'a%2Fb' })],
    [400, await call({ item: '%E0%A4%A' })],
    [400, await call({ connection: 'a-b-c' })],
    [413, await call({ body: `{"activities":[],"x":"${'x'.repeat(4 * 1024 * 1024)}"}` })],
    [415, await call({ headers: { 'content-type': 'text/plain' } })],
    [404, await send({ path: '/v1.0/external/connections' })],
    [404, await send({ method: 'POST', path: '/v1.0/$batch', body: '{}' })],
    [405, await send({ path: '/v1.0/external/connections/tickets/items/a1/addActivities' })],
  ] as const;
  for (const [expected, { status, text, headers }] of refused) {
    const { error } = JSON.parse(text);
    assert.equal(status, expected, text);
    assert.ok(error.code !== '' && error.message !== '' && headers['request-id'] === error.innerError['request-id']);
  }
  assert.deepEqual(await ledger(), []);
});

test('a call over the limit gets the documented body of a 429', async (t) => {
  const clock = manualClock(Date.parse('2026-03-01T12:00:00Z'));
  const { call } = await startWith(t, { rate: 1, burst: 1 }, { clock });
  await call();
  const { status, headers, text } = await call();
  assert.equal(status, 429);
  assert.deepEqual(JSON.parse(text), {
    error: {
      code: 'TooManyRequests',
      innerError: {
        code: '429',
        date: '2026-03-01T12:00:00',
        message: 'Please retry after',
        'request-id': headers['request-id'],
        status: '429',
      },
      message: 'Please retry again later.',
    },
  });
});

const SHAPES: readonly (readonly [string, string | undefined])[] = [
  ['seconds', '2'],
  ['decimal', '1.250'],
  ['date', 'Sun, 01 Mar 2026 12:00:02 GMT'],
  ['absent', undefined],
  ['-1', '-1'],
  ['soon', 'soon'],
];
for (const [retryAfter, expected] of SHAPES) {
  test(`Retry-After "${retryAfter}" is sent as ${expected ?? 'no header'}`, async (t) => {
    const clock = manualClock(Date.parse('2026-03-01T12:00:00Z'));
    const limits = { rate: 0.8, burst: 1, accrueThrottled: false, retryAfter };
    const { call } = await startWith(t, limits, { clock });
    assert.equal((await call()).status, 200);
    const { status, headers } = await call();
    assert.equal(status, 429);
    assert.equal(headers['retry-after'], expected);
    await clock.advance(1250);
    assert.equal((await call()).status, 200);
  });
}

test('calls in flight are bounded for each tenant and connection', async (t) => {
  const clock = manualClock();
  const { call, token, stats } = await startWith(t, { concurrency: 1, latencyMs: [100, 100] }, { clock });
  const fabrikam = await token('fabrikam');
  // The last of them is the second call of contoso on tickets.
  const sent = [call(), call({ connection: 'people' }), call({ token: fabrikam }), call()];
  const arrived = async () => (await arrivals(stats)) === 4;
  await eventually(arrived, { withinMs: 5000, what: 'four calls are in flight' });
  await clock.advance(100);
  const statuses = (await Promise.all(sent)).map(({ status }) => status);
  assert.deepEqual(statuses, [200, 200, 200, 429]);
  assert.deepEqual((await stats('?connection=tickets&tenant=contoso')).byStatus, { '200': 1, '429': 1 });

  const after = call();
  await eventually(async () => (await arrivals(stats)) === 5, { withinMs: 5000, what: 'a fifth call is in flight' });
  await clock.advance(100);
  assert.equal((await after).status, 200, 'a call that ended has made room');
});

test('a call whose lines the disk refuses is answered 500 and counts as not appended', async (t) => {
  if (!existsSync('/dev/full')) {
    t.diagnostic('this system has no /dev/full; nothing was checked');
    return;
  }
  const folder = mkdtempSync(join(tmpdir(), 'emulator-full-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  symlinkSync('/dev/full', join(folder, LEDGER_FILE));
  const { call, stats } = await startWith(t, {}, { dataDir: folder });
  assert.equal((await call()).status, 500);
  const { activities: appended, byStatus } = await stats();
  assert.deepEqual([appended, byStatus], [0, { '500': 1 }]);
});

async function arrivals(stats: () => Promise<Json>): Promise<number> {
  const { perSecond } = await stats();
  return perSecond.reduce((sum: number, { accepted, refused }: Json) => sum + accepted + refused, 0);
}

test('the documented example request is accepted', async (t) => {
  const path = `${FIXTURES}examples/addActivities.request.http`;
  if (!existsSync(path)) {
    t.diagnostic('the examples are not beside this clone: nothing was checked against them');
    return;
  }
  const { call } = await startWith(t, {});
  const body = readFileSync(path, 'utf8')
    .split(/\r?\n\r?\n/)
    .slice(1)
    .join('\n\n');
  const answered = await call({ connection: 'contosohr', item: 'TSP228082938', body });
  const example = readFileSync(`${FIXTURES}examples/addActivities.response-200.http`, 'utf8');
  assert.equal(answered.status, 200, answered.text);
  assert.deepEqual(JSON.parse(answered.text).value, JSON.parse(example.split(/\r?\n\r?\n/)[1]!).value);
});
