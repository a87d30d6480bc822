/* Who may look and act: every route of the console, with every wrong key and with keys for something else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedAccess, testKey } from '@sluice/access/fixed';
import { makeEntries, makePiece } from '@sluice/testing';
import { watchFleet } from '../src/live/watch-fleet.ts';
import { openTestConsole } from './open-test-console.ts';

const access = fixedAccess([
  { name: 'ops', scopes: ['read', 'operate'], connections: '*' },
  { name: 'look', scopes: ['read'], connections: '*' },
  { name: 'hr only', scopes: ['read', 'operate'], connections: ['hr1'] },
  { name: 'producer', scopes: ['ingest'], connections: '*' },
]);
const bearer = (n: number) => ({ authorization: `Bearer ${testKey(n)}` });
const [OPS, LOOK, HR, PRODUCER] = [bearer(0), bearer(1), bearer(2), bearer(3)];
/** The page, which shows nothing by itself, and the place where a key is given. */
const OPEN_ROUTES = ['/health/live', '/health/ready', '/', '/assets/:name', '/favicon.ico', '/api/v1/session'];

async function open() {
  const page = { html: '<!doctype html>', files: new Map([['a.js', Buffer.from('')]]) };
  const board = { answer: async () => null };
  const opened = openTestConsole({}, { access, page: page as never, board });
  for (const connectionId of ['hr1', 'tickets']) {
    const groups = [{ itemId: 'a', entries: makeEntries(4) }];
    await opened.store.append(makePiece({ connectionId, lane: connectionId, groups }));
  }
  return opened;
}

const filled = (url: string, connectionId = 'hr1') =>
  url.replace(':connectionId', connectionId).replace('*', 'api').replace(/:\w+/g, 'a1');

async function ask(
  opened: Awaited<ReturnType<typeof open>>,
  method: string,
  url: string,
  headers: Record<string, string>,
) {
  if (method === 'POST') return opened.post(url, undefined, headers);
  return method === 'DELETE' ? opened.delete(url, headers) : opened.get(url, headers);
}

test('no route but health, the page and its sign-in answers anybody without a key that is in force', async () => {
  const opened = await open();
  const routes = await opened.routes();
  assert.ok(routes.length > 20, `the router knows ${routes.length} routes`);
  for (const [method, url] of routes.filter(([, each]) => !OPEN_ROUTES.includes(each))) {
    for (const headers of [{}, bearer(9), { 'x-api-key': 'x' }, { cookie: 'sluice_session=x' }]) {
      const answer = await ask(opened, method, filled(url), headers);
      assert.equal(answer.status, 401, `${method} ${url} ${JSON.stringify(headers)}`);
    }
  }
});

test('a key for one connection sees and changes nothing of another, on any route', async () => {
  const opened = await open();
  const routes = (await opened.routes()).filter(([, url]) => url.includes(':connectionId'));
  assert.ok(routes.length >= 8);
  for (const [method, url] of routes) {
    const refusals = [];
    for (const connectionId of ['tickets', 'nothere']) {
      const answer = await ask(opened, method, filled(url, connectionId), HR);
      assert.equal(answer.status, 403, `${method} ${url}`);
      refusals.push(answer.text);
    }
    assert.equal(refusals[0], refusals[1], 'whether or not it exists');
  }
  const { body } = await opened.get('/api/v1/connections', HR);
  assert.deepEqual(
    body.connections.map(({ connectionId }: { connectionId: string }) => connectionId),
    ['hr1'],
  );
  const { text } = await opened.get('/metrics', HR);
  assert.match(text, /sluice_pending_entries\{connection="hr1"\} 4/);
  assert.doesNotMatch(text, /tickets/);
  assert.equal((await opened.get('/queues/', HR)).status, 403, 'jobs are named after all connections');
});

test('who may look may not act, and who may send may do neither', async () => {
  const opened = await open();
  for (const [method, url] of await opened.routes()) {
    if (OPEN_ROUTES.includes(url)) continue;
    const producer = await ask(opened, method, filled(url), PRODUCER);
    assert.deepEqual(
      [producer.status, producer.body?.code ?? 'scope_missing'],
      [403, 'scope_missing'],
      `${method} ${url}`,
    );
    if (method !== 'POST' && method !== 'DELETE') continue;
    const look = await ask(opened, method, filled(url), LOOK);
    assert.equal(look.status, 403, `${method} ${url}`);
  }
  assert.equal((await opened.post('/api/v1/connections/hr1/pause', undefined, OPS)).status, 200);
  assert.equal((await opened.get('/api/v1/connections/hr1', LOOK)).body.state, 'paused');
});

test('the live stream shows a key its own connections, and counts nothing of the others', async (t) => {
  const opened = await open();
  const fleet = watchFleet({ store: opened.store, tenants: [], clock: Date.now });
  const live = await openTestConsole({}, { access, fleet, faults: opened.store }).listen();
  t.after(async () => {
    fleet.stop();
    await live.close();
  });
  async function firstFleet(headers: Record<string, string>) {
    const response = await fetch(`${live.url}/api/v1/events`, { headers });
    assert.equal(response.status, 200);
    let text = '';
    for await (const chunk of response.body!) {
      text += Buffer.from(chunk).toString();
      const frame = /event: fleet\ndata: (.*)\n\n/.exec(text);
      if (frame !== null) return JSON.parse(frame[1]!);
    }
    assert.fail('the stream ended');
  }
  const [own, all] = [await firstFleet(HR), await firstFleet(OPS)];
  const idsOf = ({ list }: { list: { connectionId: string }[] }) => list.map(({ connectionId }) => connectionId);
  assert.deepEqual([idsOf(own), own.pending, own.connections], [['hr1'], 4, 1]);
  assert.deepEqual([idsOf(all), all.pending, all.connections], [['hr1', 'tickets'], 8, 2]);
  assert.doesNotMatch(JSON.stringify(own), /tickets/);
});
