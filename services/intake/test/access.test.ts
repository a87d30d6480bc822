/* Who may send and read: every route of the intake, with every wrong key and with keys for something else. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedAccess, testKey } from '@sluice/access/fixed';
import { BULK_URL, openFakeIntake, VALID } from './fake-parts.ts';

const GRAPH_URL = '/v1.0/external/connections/hr1/items/a1/addActivities';
const KEYS = [
  { name: 'all', scopes: ['ingest', 'read', 'operate'], connections: '*' },
  { name: 'hr', scopes: ['ingest'], connections: ['hr1'] },
  { name: 'look', scopes: ['read'], connections: '*' },
] as const;
const bearer = (n: number): Record<string, string> => ({ authorization: `Bearer ${testKey(n)}` });
const [ALL, HR, LOOK, UNKNOWN] = [bearer(0), bearer(1), bearer(2), bearer(3)];

const open = () => openFakeIntake({}, { access: fixedAccess(KEYS) });

/** Every method and path that there is, with ids filled in. */
function routesOf({ server }: ReturnType<typeof open>): readonly (readonly [method: string, url: string])[] {
  return server.routes.map(({ method, url }) => {
    const named = url.replace(':connectionId', 'hr1').replace(':itemId', 'a1').replace(/:\w+/, 's0ABCDEFGHIJKL');
    return [method, named.replace('*', 'me')];
  });
}

async function ask(opened: ReturnType<typeof open>, [method, url]: readonly [string, string], headers = {}) {
  await opened.server.app.ready();
  return opened.server.app.inject({ method: method as 'GET', url, headers: { host: 'localhost', ...headers } });
}

test('no route but health answers anybody without a key, or with one that is not in force', async () => {
  const opened = open();
  await opened.server.app.ready();
  const routes = routesOf(opened);
  assert.ok(routes.length > 20, `the router knows ${routes.length} routes`);
  assert.ok(routes.some(([method, url]) => method === 'POST' && url === BULK_URL));
  const garbled = [
    {},
    UNKNOWN,
    { authorization: `Bearer ${testKey(0)}x` },
    { authorization: `Bearer ${testKey(0).toUpperCase()}` },
    { authorization: `Basic ${testKey(0)}` },
    { authorization: 'Bearer' },
    { 'x-api-key': '' },
    { 'x-api-key': '\u00e9' },
    { authorization: `Bearer ${testKey(0)}`, 'x-api-key': testKey(9) },
    { cookie: `sluice_session=${testKey(0)}` },
  ];
  for (const route of routes) {
    for (const headers of garbled) {
      const answer = await ask(opened, route, headers);
      const what = `${route.join(' ')} ${JSON.stringify(headers)}`;
      if (route[1].startsWith('/health/')) assert.equal(answer.statusCode, 200, what);
      else {
        assert.equal(answer.statusCode, 401, what);
        assert.match(String(answer.headers['www-authenticate']), /^Bearer realm="sluice"/, what);
        const page = /^\/(docs|openapi)/.test(route[1]);
        assert.equal(String(answer.headers['www-authenticate']).includes('Basic'), page, what);
      }
    }
  }
  assert.equal((await ask(opened, ['GET', '/nothing'])).statusCode, 401, 'not even what is not there');
  assert.equal((await ask(opened, ['GET', '/nothing'], HR)).statusCode, 404);
});

test('a key sends as Bearer or as X-Api-Key, which beats the other', async () => {
  const { post, store } = open();
  assert.equal((await post(BULK_URL, { ...VALID, itemId: 'a' }, HR)).status, 400);
  const body = { activities: [{ ...VALID, itemId: 'a' }] };
  assert.equal((await post(BULK_URL, body, HR)).status, 202);
  assert.equal((await post(BULK_URL, body, { 'x-api-key': testKey(1) })).status, 202);
  assert.equal(
    (await post(BULK_URL, body, { 'x-api-key': testKey(1), authorization: 'Bearer eyJ.e30.x' })).status,
    202,
  );
  assert.equal(store.pieces.length, 3);
});

test('a key for other connections gets 403, whether or not the connection exists, before anything else is looked at', async () => {
  const opened = openFakeIntake({ SLUICE_CONNECTIONS: 'hr1,tickets' }, { access: fixedAccess(KEYS) });
  const answers = await Promise.all(
    ['tickets', 'nothere', 'x', '..%2f..'].map(async (connection) => {
      const answer = await opened.post(`/v1/connections/${connection}/activities`, 'not json', HR);
      return [answer.status, answer.body.code, answer.body.detail];
    }),
  );
  assert.equal(new Set(answers.map((answer) => JSON.stringify(answer))).size, 1);
  assert.deepEqual(answers[0]?.slice(0, 2), [403, 'connection_not_allowed']);
  assert.equal((await opened.post('/v1/connections/nothere/activities', {}, ALL)).status, 404);
  assert.equal(opened.store.pieces.length, 0);
});

test('a key without the scope gets 403 that names it', async () => {
  const opened = open();
  const sent = await opened.post(BULK_URL, { activities: [{ ...VALID, itemId: 'a' }] }, LOOK);
  assert.deepEqual([sent.status, sent.body.code], [403, 'scope_missing']);
  assert.match(String(sent.headers['www-authenticate']), /error="insufficient_scope", scope="ingest"/);
  assert.equal((await ask(opened, ['GET', '/metrics'], HR)).statusCode, 403);
  assert.equal((await ask(opened, ['GET', '/metrics'], LOOK)).statusCode, 200);
  assert.equal(opened.store.pieces.length, 0);
});

test('on Graph’s path it is said in Graph’s shape, and a token made for Graph is told what is wanted', async () => {
  const { post } = open();
  const none = await post(GRAPH_URL, { activities: [VALID] });
  assert.deepEqual([none.status, none.body.error.code], [401, 'InvalidAuthenticationToken']);
  assert.ok(none.headers['www-authenticate']);
  const claims = Buffer.from(JSON.stringify({ aud: 'https://graph.microsoft.com' })).toString('base64url');
  const graphs = await post(
    GRAPH_URL,
    { activities: [VALID] },
    { authorization: `Bearer eyJhbGciOiJSUzI1NiJ9.${claims}.c2ln` },
  );
  assert.deepEqual([graphs.status, graphs.body.error.code], [401, 'InvalidAuthenticationToken']);
  assert.match(graphs.body.error.message, /API key/);
  const foreign = await post(GRAPH_URL.replace('hr1', 'tickets'), { activities: [VALID] }, HR);
  assert.deepEqual([foreign.status, foreign.body.error.code], [403, 'accessDenied']);
  assert.equal((await post(GRAPH_URL, { activities: [VALID] }, HR)).status, 200);
  assert.equal((await post('/v1.0/me', {})).status, 401);
  assert.equal((await post('/v1.0/me', {}, HR)).status, 501);
});

test('a receipt is shown to who may send to its connection or look, and to nobody else', async () => {
  const opened = open();
  const receipt = {
    receiptId: 's0ABCDEFGHIJKL',
    connectionId: 'tickets',
    acceptedMs: 1,
    final: true,
    complete: true,
    lastLine: 1,
  };
  const counts = {
    pending: 0,
    inFlight: 0,
    delivered: 1,
    dead: 0,
    parked: 0,
    discarded: 0,
    erased: 0,
    expired: 0,
    rejected: 0,
    duplicates: 0,
  };
  opened.store.receipt = { ...receipt, counts, entries: [], entriesTotal: 0, lastLine: 0, retrying: null };
  const status = async (headers: Record<string, string>) =>
    (await ask(opened, ['GET', `/v1/receipts/${receipt.receiptId}`], headers)).statusCode;
  assert.deepEqual([await status(ALL), await status(LOOK), await status(HR)], [200, 200, 403]);
});

test('with keys any name may stand in Host, and without them only this machine’s', async () => {
  const named = { host: 'sluice.example' };
  assert.equal((await openFakeIntake().post(BULK_URL, {}, named)).status, 421);
  const guarded = openFakeIntake({}, { access: fixedAccess(KEYS), hostsAllowed: 'any' });
  assert.equal((await guarded.post(BULK_URL, {}, named)).status, 401);
});

test('a browser gets the page with the key as the password of Basic, whatever the name; nothing else takes it', async () => {
  const opened = open();
  const basic = (key: string) => ({ authorization: `Basic ${Buffer.from(`anybody:${key}`).toString('base64')}` });
  for (const path of ['/docs', '/docs/open.js', '/docs/swagger-ui.css', '/openapi.json']) {
    assert.equal((await ask(opened, ['GET', path], basic(testKey(2)))).statusCode, 200, path);
    assert.equal((await ask(opened, ['GET', path], basic(testKey(1)))).statusCode, 403, 'a key without read');
    assert.equal((await ask(opened, ['GET', path], basic(testKey(3)))).statusCode, 401);
    assert.equal((await ask(opened, ['GET', path], basic(''))).statusCode, 401);
  }
  for (const route of [
    ['GET', '/metrics'],
    ['GET', '/v1/receipts/s0ABCDEFGHIJKL'],
    ['POST', BULK_URL],
  ] as const)
    assert.equal((await ask(opened, route, basic(testKey(0)))).statusCode, 401, route.join(' '));
});
