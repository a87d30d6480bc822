/*
  What operators do and what producers may write between the lines, with secrets and people planted in all of it: tenants in
  shards of their own, Redis behind TLS, a proxy with a password, a certificate that breaks, sessions, tokens, the tail, the
  doctor, erasing and forgetting. Then everything that was said by anybody is searched.
*/
import assert from 'node:assert/strict';
import { copyFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually, REDIS_LOGIN, spawnService } from '@sluice/testing';
import {
  activityOf,
  ask,
  FORGED,
  listenTo,
  openWorld,
  PEOPLE,
  post,
  run,
  SECRETS,
  startProxy,
  type World,
  withinMs,
} from '../support/canary-world.ts';
import { openStore } from '../support/conservation.ts';
import { assertNowhere, printedBy } from '../support/find-canaries.ts';
import { exchangeRaw } from '../support/raw-socket.ts';
import { runSluice } from '../support/run-sluice.ts';

async function produce(world: World): Promise<void> {
  const people = [
    { type: 'user', id: PEOPLE.user },
    { type: 'externalGroup', id: `${PEOPLE.group}${FORGED}` },
  ];
  for (const [connection, itemId] of [
    ['hrFirst', 'a1'],
    ['hrSecond', 'a1'],
    ['hrThird', 'a1'],
    ['hrThird', 'missing'],
  ] as const) {
    const activities = people.map((performedBy) => ({ ...activityOf(performedBy), itemId }));
    const answer = await post(world, connection, activities);
    assert.equal(answer.status, 202, await answer.text());
    await ask(world, `${world.intake.url}${answer.headers.get('location')}`);
  }
  const { intake } = world;
  for (const path of [
    `/v1/connections/${encodeURIComponent(SECRETS['broken id'] + FORGED)}/items/a1/activities`,
    `/v1/connections/hrFirst/items/${encodeURIComponent(SECRETS['broken id'] + FORGED)}/activities`,
    `/v1.0/external/connections/hrFirst/items/${encodeURIComponent(SECRETS['broken id'] + FORGED)}/addActivities`,
    `/${SECRETS['broken id']}%0d%0a%1b[31m`,
  ]) {
    const { status } = await ask(world, `${intake.url}${path}`, {
      method: 'POST',
      body: JSON.stringify(activityOf(people[0]!)),
    });
    assert.ok(status >= 400, path);
  }
  assert.equal((await ask(world, `${intake.url}/v1/receipts/${SECRETS['broken id']}%0d%0a`)).status, 404);
  for (const header of ['traceparent', 'x-request-id', 'client-request-id', 'content-type', 'host', 'x-api-key']) {
    const bytes = `POST /v1/connections/hrFirst/activities HTTP/1.1\r\nhost: localhost\r\n${header}: ${SECRETS['broken id']} \u001b[31m\x01\r\ncontent-length: 2\r\n\r\n{}`;
    const { raw } = await exchangeRaw(intake.url!, bytes);
    assert.match(raw, /^HTTP\/1\.1 4/, header);
    world.errors.push(raw);
  }
}

async function enter(world: World): Promise<readonly string[]> {
  const { console_, intake, key } = world;
  const session = `${console_.url}/api/v1/session`;
  const signIn = (given: string) =>
    fetch(session, {
      method: 'POST',
      headers: { 'content-type': 'application/json', cookie: `other=${SECRETS.cookie}` },
      body: JSON.stringify({ key: given }),
    });
  for (const wrong of [SECRETS['wrong key'], SECRETS.token, `${key.slice(0, -1)}_`]) {
    const answer = await signIn(wrong);
    assert.ok([401, 503].includes(answer.status), `${answer.status}`);
    world.errors.push(await answer.text());
    for (const url of [`${intake.url}/v1/receipts/x`, `${console_.url}/api/v1/audit`]) {
      const { status } = await ask(world, url, { headers: { 'x-api-key': '', authorization: `Bearer ${wrong}` } });
      assert.ok([401, 503].includes(status), `${status}`);
    }
  }
  const answer = await signIn(key);
  assert.equal(answer.status, 200);
  const { csrf } = (await answer.json()) as { readonly csrf: string };
  const cookie = String(answer.headers.get('set-cookie')).split(';')[0]!;
  const token = cookie.slice(cookie.indexOf('=') + 1);
  const change = (headers: Record<string, string>) =>
    fetch(`${console_.url}/api/v1/connections/hrThird/pause`, { method: 'POST', headers: { cookie, ...headers } });
  const forged = await change({ 'x-csrf-token': SECRETS['wrong key'] });
  assert.equal(forged.status, 403);
  world.errors.push(await forged.text());
  assert.equal((await change({ 'x-csrf-token': csrf })).status, 200);
  const resumed = await ask(world, `${console_.url}/api/v1/connections/hrThird/resume`, { method: 'POST' });
  assert.equal(resumed.status, 200);
  return [token, csrf];
}

/** What an operator looks at and does; with Redis away all of it fails. */
async function operate(world: World): Promise<void> {
  const { console_, key } = world;
  for (const path of [
    '/api/v1/connections',
    '/api/v1/connections/hrFirst',
    '/api/v1/connections/hrFirst/items?prefix=a',
    '/api/v1/connections/hrFirst/calls',
    '/api/v1/connections/hrFirst/unknown',
    '/api/v1/connections/hrFirst/history',
    `/api/v1/connections/hrFirst/dead-letters?state=${SECRETS.query}`,
    `/api/v1/connections/${encodeURIComponent(SECRETS['broken id'])}/items/a1`,
    '/api/v1/audit',
    '/queues/api/queues',
    '/queues/',
    '/health/ready',
    '/metrics',
    '/',
  ]) {
    await ask(world, `${console_.url}${path}`);
  }
  for (const path of [
    `/api/v1/connections/hrSecond?pending=${SECRETS.query}`,
    '/api/v1/connections/hrSecond',
    `/api/v1/performers/${encodeURIComponent(PEOPLE.group + FORGED)}`,
    `/api/v1/performers/${encodeURIComponent('x'.repeat(129))}`,
  ]) {
    await ask(world, `${console_.url}${path}`, { method: 'DELETE' });
  }
  // Those that show dead letters show whose they are.
  const letters = await fetch(`${console_.url}/api/v1/connections/hrFirst/items/a1`, { headers: { 'x-api-key': key } });
  world.letters.push(await letters.text());
  await run(world, ['erase', PEOPLE.user, '--json']);
  await run(world, ['forget', 'hrSecond']);
  await run(world, ['status']);
  const item = await runSluice(['item', 'hrFirst', 'a1'], world.env);
  world.letters.push(item.out, item.err);
}

test('no secret and nobody’s id is in anything that is said of what operators do, and no line is forged', async (t) => {
  const world = await openWorld(t);
  const { system, folder, env, intake, console_, processes } = world;
  const streams = [
    listenTo(world, '/api/v1/tail'),
    listenTo(world, '/api/v1/tail?failed=true'),
    listenTo(world, '/api/v1/events'),
  ];
  await eventually(() => streams.every(({ heard }) => heard.length > 0), { withinMs, what: 'the streams have begun' });
  await produce(world);
  const sessionSecrets = await enter(world);
  const store = openStore(system);
  t.after(() => store.close());
  const is = async (id: string, fits: (view: { dead: number; state: string; pending: number }) => boolean) => {
    const view = await store.connection(id);
    return view !== null && fits(view);
  };
  await eventually(() => is('hrFirst', ({ dead }) => dead > 0), { withinMs, what: 'dead letters' });
  await eventually(() => is('hrSecond', ({ state }) => state === 'held'), { withinMs, what: 'a hold' });
  // Of dead letters the activity is shown; what Graph said of it is shown without the people it names.
  const letters = await fetch(`${console_.url}/api/v1/connections/hrFirst/dead-letters`, {
    headers: { 'x-api-key': world.key },
  });
  const { entries } = (await letters.json()) as {
    readonly entries: readonly { readonly message: string; readonly code: string }[];
  };
  assert.ok(entries.length > 0);
  world.shown.push(JSON.stringify(entries.map(({ message, code }) => [message, code])));
  const listed = await runSluice(['dead', 'list', 'hrFirst'], env);
  assert.equal(listed.code, 0, listed.err);
  world.letters.push(listed.out);
  await operate(world);
  await eventually(() => streams.every(({ heard }) => heard.length > 1), {
    withinMs,
    what: 'the streams told something',
  });

  // A worker and a doctor that have to go through a proxy, which says no.
  const proxied = { GRAPH_PROXY_URL: await startProxy(t), GRAPH_BASE_URL: 'https://graph.invalid' };
  await run(world, ['doctor', '--json'], proxied);
  await system.workers[0]!.kill();
  const behindProxy = await system.startWorker(proxied);
  const late = [{ ...activityOf({ type: 'user', id: PEOPLE.user }), itemId: 'a2' }];
  assert.equal((await post(world, 'hrThird', late)).status, 202);
  await behindProxy.waitFor('call not wholly delivered', { withinMs });
  // An intake with TLS whose certificate is replaced by what is none, and services that are told what is wrong.
  const tls = { SLUICE_TLS_CERT_FILE: join(folder, 'tls.pem'), SLUICE_TLS_KEY_FILE: join(folder, 'tls.key') };
  await copyFile(system.redis.tls!.certFile, tls.SLUICE_TLS_CERT_FILE);
  await copyFile(system.redis.tls!.keyFile, tls.SLUICE_TLS_KEY_FILE);
  const withTls = await system.startIntake(tls);
  await writeFile(tls.SLUICE_TLS_CERT_FILE, `-----BEGIN CERTIFICATE-----\n${SECRETS.certificate}\n`);
  await withTls.waitFor('the certificate cannot be used: the one before stays in use', { withinMs });
  const wrongLogin = { REDIS_URL: env['REDIS_URL']!.replace(REDIS_LOGIN.password, SECRETS['wrong Redis password']) };
  const lockedOut = await spawnService({ service: 'intake', env: { ...env, ...wrongLogin }, readyMsg: null });
  await lockedOut.waitFor('Redis connection failed', { withinMs });
  const refused = [
    { SLUICE_SHARDS: '2' },
    { REDIS_URL: `redis://sluice:${SECRETS['Redis password']}@127.0.0.1:none` },
    { GRAPH_PROXY_URL: `http://sluice:${SECRETS['proxy password']}@127.0.0.1:1/path` },
    { SLUICE_ALERT_WEBHOOK_URL: `ftp://host/${SECRETS.webhook}` },
    tls,
  ];
  const ended = await Promise.all(
    refused.map(async (more) => {
      const service = await spawnService({ service: 'intake', env: { ...env, ...more }, readyMsg: null });
      assert.equal((await service.exited).code, 78, JSON.stringify(service.logs));
      return service;
    }),
  );
  // And Redis is gone.
  await system.redis.kill9();
  await post(world, 'hrFirst', [{ ...activityOf({ type: 'user', id: PEOPLE.user }), itemId: 'a2' }]);
  await operate(world);
  const [series] = [await Promise.all([intake, console_, behindProxy].map(({ url }) => metricsOf(url!, world.key)))];
  for (const stream of streams) stream.end();
  await Promise.all([intake, console_, behindProxy, withTls, lockedOut].map((service) => service.kill()));

  const told = world.errors.map((text) => text.replaceAll(/"(pointer|target)":"[^"]*"/g, ''));
  const places = {
    logs: printedBy([...processes, behindProxy, withTls, lockedOut]),
    'last words': ended.map(({ logs }) => JSON.stringify(logs)),
    series,
    errors: told,
    'streams, receipts, audit, spans and pages': [...world.shown, ...streams.flatMap(({ heard }) => heard)],
    commands: world.printed,
  };
  const [cookie, csrf] = sessionSecrets;
  assertNowhere({ ...SECRETS, ...PEOPLE, 'API key': world.key, session: cookie!, 'a token': 'eyJ' }, places);
  // The page itself is given its token against other sites; nobody else is.
  assertNowhere({ csrf: csrf! }, { logs: places.logs, series, errors: told, commands: world.printed });
  assertNowhere({ ...SECRETS, 'API key': world.key, session: cookie! }, { letters: world.letters });
  const written = [...world.printed, ...world.letters].join('\n');
  assert.ok(
    !written.includes('\u001b') && !written.includes('\r'),
    'nothing colours a terminal, or writes over a line',
  );
  assert.ok(!/^\{"level":"error","service":"forged"/m.test(written));
  t.diagnostic(
    `searched ${places.logs.join('').length} characters of logs, ${told.length} errors, ${world.shown.length} others`,
  );
});

async function metricsOf(url: string, key: string): Promise<string> {
  return (await fetch(`${url}/metrics`, { headers: { 'x-api-key': key } })).text();
}
