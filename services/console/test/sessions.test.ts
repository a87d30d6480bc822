/* Who the page acts for: a key is given once, a cookie that no script reads stands for it, and a change proves that the page made it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedAccess, testKey } from '@sluice/access/fixed';
import { type Access, ANYBODY, type Caller, type SessionStore } from '@sluice/core';
import { createMemorySessions, makeEntries, makePiece, manualClock } from '@sluice/testing';
import { keepSessions, SESSION_IDLE_MS_MAX, SESSION_MS_MAX } from '../src/sessions.ts';
import { openTestConsole } from './open-test-console.ts';

const KEYS = fixedAccess([
  { name: 'ops', scopes: ['read', 'operate'], connections: '*' },
  { name: 'producer', scopes: ['ingest'], connections: '*' },
]);
const SESSION = '/api/v1/session';
const PAUSE = '/api/v1/connections/hr1/pause';

async function open(access: Access = KEYS) {
  const opened = openTestConsole({}, { access });
  await opened.store.append(makePiece({ connectionId: 'hr1', groups: [{ itemId: 'a', entries: makeEntries(4) }] }));
  async function signIn(headers: Record<string, string> = {}) {
    const answer = await opened.post(SESSION, { key: testKey(0) }, headers);
    const cookie = String(answer.headers['set-cookie']);
    return { answer, cookie, sent: { cookie: cookie.split(';')[0]! }, csrf: answer.body?.csrf as string };
  }
  return { ...opened, signIn };
}

test('without keys no session is needed, and everything is allowed', async () => {
  const { status, body } = await openTestConsole().get(SESSION);
  assert.equal(status, 200);
  assert.deepEqual(body, { needed: false, name: null, scopes: ['read', 'operate'], csrf: null });
});

test('every answer, errors too, tells the browser to run our own files alone and to frame nothing', async () => {
  const opened = openTestConsole();
  for (const path of [
    '/api/v1/connections',
    '/health/live',
    '/metrics',
    '/nothing-here',
    '/api/v1/connections/%2e%2e',
  ]) {
    const { headers } = await opened.get(path);
    const policy = String(headers['content-security-policy']);
    assert.match(policy, /default-src 'none'.*script-src 'self'.*frame-ancestors 'none'/, path);
    assert.doesNotMatch(policy, /unsafe/, path);
    assert.equal(headers['x-content-type-options'], 'nosniff', path);
  }
  const { headers } = await opened.get(SESSION, { host: 'evil.example' });
  assert.match(String(headers['content-security-policy']), /default-src 'none'/);
});

test('what the browser is told, word by word', async () => {
  const { headers } = await openTestConsole().get('/api/v1/connections');
  assert.deepEqual(String(headers['content-security-policy']).split('; '), [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    "font-src 'self'",
    "connect-src 'self'",
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ]);
  const names = [
    'x-content-type-options',
    'x-frame-options',
    'referrer-policy',
    'cross-origin-opener-policy',
    'cross-origin-resource-policy',
  ];
  assert.deepEqual(
    names.map((name) => headers[name]),
    ['nosniff', 'DENY', 'no-referrer', 'same-origin', 'same-origin'],
  );
  assert.match(String(headers['permissions-policy']), /camera=\(\).*geolocation=\(\).*microphone=\(\)/);
});

test('a key is given once; then the cookie looks, and acts with the csrf text', async () => {
  const { get, post, signIn } = await open();
  assert.deepEqual((await get(SESSION)).body, { needed: true, name: null, scopes: [], csrf: null });
  const { answer, cookie, sent, csrf } = await signIn();
  assert.equal(answer.status, 200);
  assert.match(cookie, /^sluice_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict$/);
  assert.doesNotMatch(cookie + answer.text, new RegExp(testKey(0)), 'the key is in neither');
  assert.deepEqual((await get(SESSION, sent)).body, { needed: false, name: 'ops', scopes: ['read', 'operate'], csrf });
  assert.equal((await get('/api/v1/connections', sent)).status, 200);
  for (const headers of [sent, { ...sent, 'x-csrf-token': `${csrf.slice(1)}x` }, { ...sent, 'x-csrf-token': '' }]) {
    const refused = await post(PAUSE, undefined, headers);
    assert.deepEqual([refused.status, refused.body.code], [403, 'csrf_token_wrong']);
  }
  const foreign = { ...sent, 'x-csrf-token': csrf, origin: 'https://evil.example' };
  assert.equal((await post(PAUSE, undefined, foreign)).body.code, 'origin_not_allowed');
  assert.equal((await get('/api/v1/connections/hr1', sent)).body.state, 'flowing', 'nothing was changed');
  assert.equal((await post(PAUSE, undefined, { ...sent, 'x-csrf-token': csrf })).status, 200);
});

test('over TLS, ours or a proxy’s, the cookie never travels in the clear', async () => {
  const { get, signIn } = await open();
  const proxied = { 'x-forwarded-proto': 'https' };
  const { cookie, sent } = await signIn(proxied);
  assert.match(cookie, /^__Host-sluice_session=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict; Secure$/);
  assert.equal((await get('/api/v1/connections', { ...sent, ...proxied })).status, 200);
});

test('a wrong key, and one that may not look, get no session', async () => {
  const { post } = await open();
  for (const [key, status] of [
    [testKey(7), 401],
    ['', 401],
    ['x', 401],
    [testKey(1), 403],
  ] as const) {
    const answer = await post(SESSION, { key });
    assert.equal(answer.status, status, key);
    assert.equal(answer.headers['set-cookie'], undefined);
  }
  assert.equal((await post(SESSION, { key: 5 })).status, 400);
  assert.equal((await post(SESSION, { key: testKey(0) }, { origin: 'https://evil.example' })).status, 403);
});

test('leaving ends the session for good, and the cookie with it', async () => {
  const opened = await open();
  const { sent } = await opened.signIn();
  const left = await opened.delete(SESSION, sent);
  assert.equal(left.status, 204);
  assert.match(String(left.headers['set-cookie']), /^sluice_session=; .*Max-Age=0/);
  assert.equal((await opened.get('/api/v1/connections', sent)).status, 401);
});

test('a session ends when its key is revoked, and follows its scopes', async () => {
  let revoked = false;
  const { get, signIn } = await open({ ...KEYS, callerOfKey: (id) => (revoked ? null : KEYS.callerOfKey(id)) });
  const { sent } = await signIn();
  assert.equal((await get('/api/v1/connections', sent)).status, 200);
  revoked = true;
  assert.equal((await get('/api/v1/connections', sent)).status, 401);
  assert.equal((await get(SESSION, sent)).body.needed, true);
});

test('sessions end in time', async () => {
  const clock = manualClock();
  const sessions = keepSessions({ access: KEYS, store: createMemorySessions(clock) });
  const identified = await KEYS.identify({ apiKey: testKey(0), bearer: null });
  assert.ok(identified.ok);
  const { token: idle } = await sessions.open(identified.caller);
  const { token: used } = await sessions.open(identified.caller);
  for (let passedMs = 0; passedMs < SESSION_MS_MAX; passedMs += SESSION_IDLE_MS_MAX / 2) {
    assert.ok(await sessions.find(used));
    await clock.advance(SESSION_IDLE_MS_MAX / 2);
  }
  assert.equal(await sessions.find(idle), null, 'nobody came back');
  assert.equal(await sessions.find(used), null, 'a day is over');
});

test('a session of a key lasts for a working day of twelve hours and two without being used, one of a token for an hour', async () => {
  const HOUR_MS = 3_600_000;
  assert.deepEqual([SESSION_MS_MAX, SESSION_IDLE_MS_MAX], [12 * HOUR_MS, 2 * HOUR_MS]);
  const clock = manualClock();
  const sessions = keepSessions({ access: KEYS, store: createMemorySessions(clock) });
  const { token } = await sessions.open({ ...ANYBODY, kind: 'token', id: 'app-1', name: 'app', connections: '*' });
  await clock.advance(HOUR_MS - 1);
  assert.equal((await sessions.find(token))?.caller.connections, '*');
  await clock.advance(1);
  assert.equal(await sessions.find(token), null);
});

test('who signs in anew leaves the session before', async () => {
  const { get, signIn } = await open();
  const { sent } = await signIn();
  await signIn(sent);
  assert.equal((await get('/api/v1/connections', sent)).status, 401);
});

test('while Redis is away a session that was left, or that Redis knew no more, is not known again', async () => {
  const memory = createMemorySessions(manualClock());
  let away = false;
  const findSession: SessionStore['findSession'] = (asked) =>
    away ? Promise.reject(new Error('away')) : memory.findSession(asked);
  const sessions = keepSessions({ access: KEYS, store: { ...memory, findSession } });
  const identified = await KEYS.identify({ apiKey: testKey(0), bearer: null });
  assert.ok(identified.ok);
  const [{ token: left }, { token: ended }] = [
    await sessions.open(identified.caller),
    await sessions.open(identified.caller),
  ];
  for (const token of [left, ended]) assert.ok(await sessions.find(token));
  await sessions.end(left);
  const other = keepSessions({ access: KEYS, store: memory });
  await other.end(ended);
  assert.equal(await sessions.find(ended), null);
  away = true;
  for (const token of [left, ended]) await assert.rejects(sessions.find(token));
});

test('two consoles know the same sessions, and one that was started anew knows them still', async () => {
  const sessionStore = createMemorySessions(manualClock());
  const [one, other] = [0, 1].map(() => openTestConsole({}, { access: KEYS, sessionStore }));
  const answer = await one!.post(SESSION, { key: testKey(0) });
  const sent = { cookie: String(answer.headers['set-cookie']).split(';')[0]! };
  const { status, body } = await other!.get(SESSION, sent);
  assert.deepEqual(
    [status, body],
    [200, { needed: false, name: 'ops', scopes: ['read', 'operate'], csrf: answer.body.csrf }],
  );
  assert.equal((await other!.delete(SESSION, sent)).status, 204);
  assert.equal((await one!.get('/api/v1/connections', sent)).status, 401, 'who signs out at one has left both');
});

test('the store is told neither the cookie nor the key, and a token is what it was when it signed in', async () => {
  const texts: string[] = [];
  const memory = createMemorySessions(manualClock());
  const store: SessionStore = {
    ...memory,
    openSession: async (session) => {
      texts.push(JSON.stringify(session));
      await memory.openSession(session);
    },
  };
  const caller: Caller = { ...ANYBODY, kind: 'token', id: 'app-1', name: 'app', connections: new Set(['hr1']) };
  const sessions = keepSessions({ access: KEYS, store });
  const { token, session } = await sessions.open(caller);
  const identified = await KEYS.identify({ apiKey: testKey(0), bearer: null });
  assert.ok(identified.ok);
  const { token: ofKey } = await sessions.open(identified.caller);
  for (const secret of [token, ofKey, testKey(0), session.csrf]) assert.doesNotMatch(texts.join(), new RegExp(secret));
  assert.deepEqual(await sessions.find(token), { caller, csrf: session.csrf });
});

test('while Redis is away who was known stays known, and nobody else gets in', async () => {
  const memory = createMemorySessions(manualClock());
  let away = false;
  const reach = async <T>(ask: () => Promise<T>) => (away ? Promise.reject(new Error('away')) : ask());
  const sessionStore: SessionStore = {
    openSession: (session) => reach(() => memory.openSession(session)),
    findSession: (session) => reach(() => memory.findSession(session)),
    endSession: (id) => reach(() => memory.endSession(id)),
  };
  const opened = openTestConsole({}, { access: KEYS, sessionStore });
  const signIn = async () => {
    const answer = await opened.post(SESSION, { key: testKey(0) });
    return { answer, sent: { cookie: String(answer.headers['set-cookie']).split(';')[0]! } };
  };
  const [{ sent: known }, { sent: unknown }] = [await signIn(), await signIn()];
  assert.equal((await opened.get(SESSION, known)).body.name, 'ops');
  away = true;
  assert.equal((await opened.get(SESSION, known)).body.name, 'ops');
  for (const { status, body } of [await opened.get(SESSION, unknown), (await signIn()).answer])
    assert.deepEqual([status, body.code], [503, 'store_unavailable']);
});
