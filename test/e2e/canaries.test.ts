/*
  Secrets, tokens, people and bodies are planted everywhere they can stand, everything that can go wrong with them is done, and
  then all that every process printed, at its most talkative level and at the usual one, every series and every error is searched for them.
*/
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, REDIS_LOGIN, type Service, spawnService } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { openStore } from '../support/conservation.ts';
import { assertNowhere, printedBy } from '../support/find-canaries.ts';
import { runSluice } from '../support/run-sluice.ts';
import { startSystem } from '../support/start-system.ts';

const withinMs = 60_000;
/** Each place has at least so much to search. */
const SEARCHED_MIN = 1000;
/** What each is, so that a failure says what leaked and not only where. */
const CANARIES = {
  'client secret': 'canary-client-secret-9f1c',
  'Redis password': 'canary-redis-password-77aa',
  webhook: 'canary-webhook-signature-5b2e',
  'wrong key': 'canary-wrong-api-key-31d0',
  token: 'canary.token.of.somebody',
  cookie: 'canary-cookie-0c4f',
  'idempotency key': 'canary-idempotency-key-66e1',
  query: 'canary-query-8a9b',
  user: '5ca4ab1e-0000-4000-8000-00000000beef',
  group: 'canary-group-of-people',
  'user in a refused activity': 'ada.canary@example.com',
  'activity id': 'canary-activity-id-1d2e',
  'member of a body': 'canaryMember',
  'value in a body': 'canary-value-in-a-body',
  'broken body': 'canary-broken-body',
} as const;

const activity = (performedBy: object, more: object = {}) => ({
  type: 'viewed',
  startDateTime: new Date(Date.UTC(2026, 0, 1) + Math.floor(Math.random() * 1e9)).toISOString(),
  performedBy,
  ...more,
});
const PEOPLE = [
  activity({ type: 'user', id: CANARIES.user }, { id: CANARIES['activity id'] }),
  activity({ type: 'externalGroup', id: CANARIES.group }),
];
const REFUSED = [
  activity({ type: 'user', id: CANARIES['user in a refused activity'] }),
  activity({ type: CANARIES['value in a body'], id: CANARIES.user }),
  activity({ type: 'user', id: CANARIES.user }, { [CANARIES['member of a body']]: 1 }),
  activity({ type: 'user', id: CANARIES.user }, { type: CANARIES['value in a body'] }),
  activity({ type: 'user', id: CANARIES.user }, { startDateTime: CANARIES['value in a body'] }),
  activity({ type: 'user', id: CANARIES.user }, { id: ` ${CANARIES['value in a body']}\u0000` }),
  { ...activity({ type: 'user', id: CANARIES.user }), itemId: `${CANARIES['value in a body']}/..` },
];

/** What Graph may say of the people of a call. */
const GOSSIP = `User '${CANARIES.user.toUpperCase()}' is unknown.`;
const error = (code: string) => ({ error: { code, message: GOSSIP, innerError: { message: GOSSIP } } });

for (const level of ['trace', 'info']) {
  test(`no secret, no token, nobody’s id and no body is in any log (${level}), series or error`, async (t) => {
    await plantAndSearch(t, level);
  });
}

async function plantAndSearch(t: TestContext, level: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-canaries-'));
  const hook = createServer((_request, response) => void response.writeHead(500).end(CANARIES.webhook));
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const hookUrl = `http://127.0.0.1:${(hook.address() as AddressInfo).port}/${CANARIES.webhook}?sig=${CANARIES.webhook}`;
  const keysFile = join(folder, 'keys.json');
  const system = await startSystem({
    workers: 0,
    intakes: 0,
    env: {
      LOG_LEVEL: level,
      GRAPH_CLIENT_SECRET: CANARIES['client secret'],
      SLUICE_ALERT_WEBHOOK_URL: hookUrl,
      SLUICE_ALERT_AGE_MS: '1000',
      SLUICE_API_KEYS_FILE: keysFile,
      SLUICE_RETRY_ATTEMPTS_MAX: '2',
    },
    behavior: {
      connections: {
        entries: { shares: { 207: 1 }, entryError: { code: 'invalidRequest', message: GOSSIP } },
        unlisted: { shares: { 207: 1 }, entryError: { code: 'neverSeenBefore', message: GOSSIP } },
        groups: {
          script: [{ status: 207, apply: [0], times: 50 }],
          entryError: { code: 'invalidRequest', message: `No ${CANARIES.group} here.` },
        },
        whole: { script: [{ status: 400, body: error('invalidRequest'), times: 50 }] },
        failing: { script: [{ status: 500, body: `<p>${GOSSIP} ${JSON.stringify(PEOPLE)}</p>`, times: 50 }] },
        forbidden: { script: [{ status: 403, body: error('accessDenied'), times: 500 }] },
      },
    },
  });
  const processes: Service[] = [system.emulatorService];
  const errors: string[] = [];
  const stores: { close(): Promise<void> }[] = [];
  try {
    const made = await runSluice(
      ['keys', 'create', '--name', 'me', '--scope', 'ingest,read,operate', '--connections', '*', '--file', keysFile],
      {},
    );
    const key = made.out.trim();
    assert.match(key, /^\S{20,}$/, made.err);
    assert.equal(made.err.includes(key), false);

    const admin = openAdmin(system.redis);
    await admin.call('ACL', 'SETUSER', REDIS_LOGIN.user, 'resetpass', `>${CANARIES['Redis password']}`);
    admin.disconnect();
    const secured = { REDIS_URL: withCanary(system.env['REDIS_URL']!) };
    const intake = await system.startIntake(secured);
    const workers = [await system.startWorker(secured), await system.startWorker(secured)];
    const console_ = await spawnService({ service: 'console', env: { ...system.env, ...secured } });
    processes.push(intake, ...workers, console_);

    const ask = async (url: string, init: RequestInit = {}, headers: Record<string, string> = {}) => {
      const response = await fetch(url, {
        ...init,
        headers: {
          'x-api-key': key,
          'content-type': 'application/json',
          cookie: `session=${CANARIES.cookie}`,
          ...headers,
        },
      });
      const text = await response.text();
      if (response.status >= 300 || response.status === 207) errors.push(text);
      return response.status;
    };
    const post = (connection: string, body: unknown, headers: Record<string, string> = {}) => {
      const text = typeof body === 'string' ? body : JSON.stringify(body);
      const url = `${intake.url}/v1/connections/${connection}/items/a/activities?key=${CANARIES.query}`;
      return ask(url, { method: 'POST', body: text }, headers);
    };
    for (const connection of ['entries', 'unlisted', 'whole', 'failing', 'forbidden', 'well']) {
      const headers = { 'idempotency-key': CANARIES['idempotency key'] };
      const activities = Array.from({ length: 10 }, () => PEOPLE.map((one) => ({ ...one, ...startNow() }))).flat();
      assert.equal(await post(connection, { activities }, headers), 202);
    }
    assert.equal(await post('groups', { activities: [PEOPLE[1], { ...PEOPLE[1], ...startNow() }] }), 202);
    assert.equal(await post('well', { activities: [PEOPLE[1], ...REFUSED] }), 207);
    for (const one of REFUSED) assert.equal(await post('well', one), 400);
    for (const body of [
      `{"activities":[{"${CANARIES['broken body']}`,
      `"${CANARIES['broken body']}"`,
      JSON.stringify({ activities: CANARIES['broken body'] }),
      JSON.stringify({ [CANARIES['broken body']]: [] }),
      `{"__proto__":{"a":"${CANARIES['broken body']}"}}`,
    ]) {
      assert.equal(await post('well', body), 400, body);
    }
    const lines = [...REFUSED, CANARIES['broken body']].map((line) => JSON.stringify(line)).join('\n');
    await ask(
      `${intake.url}/v1/connections/well/activities`,
      { method: 'POST', body: `${lines}\n{${CANARIES['broken body']}` },
      {
        'content-type': 'application/x-ndjson',
      },
    );
    const graphPath = `${intake.url}/v1.0/external/connections/well/items/a/addActivities`;
    await ask(graphPath, { method: 'POST', body: JSON.stringify({ activities: REFUSED }) });
    for (const headers of [
      { 'x-api-key': CANARIES['wrong key'] },
      { 'x-api-key': '', authorization: `Bearer ${CANARIES.token}` },
      { 'x-api-key': '', authorization: `Bearer eyJhbGciOiJub25lIn0.${CANARIES.token}` },
    ]) {
      assert.equal(await post('well', PEOPLE[0], headers), 401);
      assert.equal(await ask(`${console_.url}/api/v1/connections`, {}, headers), 401);
      await ask(graphPath, { method: 'POST', body: '{}' }, headers);
    }
    await ask(`${console_.url}/api/v1/connections/well/dead-letters?state=${CANARIES.query}`);

    const seen = openStoreSecured();
    const of = async (connection: string) => (await seen.store.connection(connection))!;
    const state = async (connection: string) => (await of(connection)).state;
    await eventually(async () => (await state('forbidden')) === 'held', { withinMs, what: 'forbidden is held' });
    await eventually(async () => (await of('entries')).dead > 0, { withinMs, what: 'entries has dead letters' });
    await eventually(async () => (await of('groups')).dead > 0, { withinMs, what: 'groups has dead letters' });
    await eventually(async () => (await of('whole')).dead > 0, { withinMs, what: 'whole has dead letters' });
    await eventually(async () => (await of('well')).pending === 0, { withinMs, what: 'well is delivered' });
    const reasons = await Promise.all(['forbidden', 'failing'].map(async (id) => String((await of(id)).reason)));
    errors.push(...reasons);
    const page = await seen.store.deadLetters({
      connectionId: 'entries',
      choice: { filter: {}, cursor: null },
      lookedAtMax: 100,
      chosenMax: 100,
    });
    if (page.status === 'listed') errors.push(...page.entries.map(({ code, message }) => `${code} ${message}`));
    await console_.waitFor('the webhook was not told', { withinMs });
    const series = await Promise.all(
      [intake, console_, ...workers].map(async ({ url }) => {
        const response = await fetch(`${url}/metrics`, { headers: { 'x-api-key': key } });
        assert.equal(response.status, 200);
        return response.text();
      }),
    );

    // The identity provider refuses the secret, and repeats it.
    const body = { error: 'invalid_client', error_description: `AADSTS7000215: ${CANARIES['client secret']}` };
    await system.emulator.behave({ token: { fail: { status: 401, body } } });
    const late = await system.startWorker(secured);
    processes.push(late);
    await workers[0]!.kill('SIGKILL');
    await workers[1]!.kill();
    assert.equal(await post('refused', PEOPLE[0]), 202);
    await late.waitFor('call not wholly delivered', { withinMs, where: (line) => line['connection'] === 'refused' });
    // Redis comes back without its password, and does not let anybody in who names one.
    await system.redis.kill9();
    await post('well', PEOPLE[1]);
    await system.redis.restart();
    await post('well', PEOPLE[1]);
    await Promise.all([intake.kill(), console_.kill(), late.kill()]);

    const printed = printedBy(processes.slice(1));
    // A pointer tells its caller which member is meant; it has to name it.
    const told = errors.map((text) => text.replaceAll(/"(pointer|target)":"[^"]*"/g, ''));
    const places = { logs: printed, series, errors: told };
    assertNowhere({ ...CANARIES, 'API key': key, 'a token': 'eyJ' }, places, SEARCHED_MIN);
    t.diagnostic(`searched ${printed.join('').length} characters of logs, ${errors.length} errors`);
  } finally {
    await Promise.all(stores.map((store) => store.close()));
    await Promise.all(processes.map((service) => service.kill('SIGKILL')));
    await system.stop();
    hook.close();
    hook.closeAllConnections();
    await rm(folder, { recursive: true, force: true });
  }

  function openStoreSecured() {
    const store = openStore({ storePlace: { ...system.storePlace, url: withCanary(system.storePlace.url) } });
    stores.push(store);
    return { store };
  }
}

function withCanary(url: string): string {
  return url.replace(REDIS_LOGIN.password, CANARIES['Redis password']);
}

function startNow(): { readonly startDateTime: string; readonly id: string } {
  return {
    startDateTime: new Date(Date.UTC(2026, 0, 1) + Math.floor(Math.random() * 1e10)).toISOString(),
    id: `${CANARIES['activity id']}-${randomUUID()}`,
  };
}
