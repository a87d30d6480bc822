/* sluice doctor against a whole system in which one thing after the other is broken: it names what, where and what to do. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Service, spawnService } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { runSluice } from '../support/run-sluice.ts';
import { type System, startSystem } from '../support/start-system.ts';

interface Finding {
  readonly area: string;
  readonly state: string;
  readonly text: string;
  readonly remedy: string | null;
}

const PERFORMER = '2c9a5a86-1f4d-4c2e-9f6b-8d1e0c7b3a55';
const OTHER_TENANT = '99999999-2222-4333-8444-555555555555';

let system: System;
let console: Service;

before(async () => {
  system = await startSystem({ workers: 1, env: { SLUICE_CONNECTIONS: 'hr1,gone1' } });
  console = await spawnService({ service: 'console', env: system.env, readyWithinMs: 60_000 });
});
after(async () => {
  await console?.kill('SIGKILL');
  await system?.stop();
});

async function doctor(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) {
  const { code, out, err } = await runSluice(['doctor', ...args, '--json'], {
    ...system.env,
    SLUICE_DATA_DIR: join(tmpdir(), 'no-npm-start-here'),
    SLUICE_URL: system.intakes[0]!.url!,
    SLUICE_CONSOLE_URL: console.url!,
    ...env,
  });
  assert.ok(out.startsWith('{'), `${out}${err}`);
  const { ok, findings } = JSON.parse(out) as { ok: boolean; findings: readonly Finding[] };
  assert.equal(code, ok ? 0 : 1);
  for (const finding of findings)
    if (finding.state === 'fail') assert.ok(finding.remedy, `a remedy for: ${finding.text}`);
  assert.ok(!out.includes('a secret of this test') && !out.includes('of-this-test'), 'secrets are told to nobody');
  return { ok, findings };
}

/** Exactly these fail, in this order; what each says, and what it says to do. */
async function failsWith(
  expected: readonly (readonly [area: string, text: RegExp, remedy: RegExp])[],
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { findings } = await doctor(args, env);
  const failed = findings.filter(({ state }) => state === 'fail');
  assert.deepEqual(
    failed.map(({ area }) => area),
    expected.map(([area]) => area),
    JSON.stringify(failed, null, 1),
  );
  expected.forEach(([, text, remedy], n) => {
    assert.match(failed[n]!.text, text);
    assert.match(failed[n]!.remedy ?? '', remedy);
  });
}

const entraRefuses = (status: number, error: string, description: string) => ({
  token: { fail: { status, error, body: { error, error_description: `${description} Trace ID: 1` } } },
});

test('where nothing is wrong it says so, and one real activity comes to Graph', async () => {
  await system.emulator.behave({ token: { roles: ['ExternalItem.ReadWrite.OwnedBy', 'ExternalConnection.Read.All'] } });
  const { ok, findings } = await doctor(['hr1', 'item1', '--performer', PERFORMER]);
  assert.equal(ok, true, JSON.stringify(findings, null, 1));
  const texts = findings.map(({ text }) => text).join('\n');
  assert.match(texts, /Connection hr1 is in Graph and ready/);
  assert.match(texts, /One worker is at work/);
  assert.match(texts, /One viewed of item item1 is in Graph/);
  const [line, ...more] = await system.emulator.ledger();
  assert.deepEqual([line?.item, line?.activity.performedBy.id, more.length], ['item1', PERFORMER, 0]);
  const without = await doctor([]);
  assert.equal(without.ok, true);
  assert.equal((await system.emulator.ledger()).length, 1, 'without an item nothing is delivered');
});

test('a wrong secret, an expired one, a wrong tenant, an unknown application: what Entra says, and what to do', async () => {
  await system.emulator.behave(entraRefuses(401, 'invalid_client', 'AADSTS7000215: Invalid client secret provided.'));
  await failsWith([['credential', /gets no token from .*AADSTS7000215/, /copy the Value of a client secret/]]);
  await system.emulator.behave(entraRefuses(401, 'invalid_client', 'AADSTS7000222: The secret keys are expired.'));
  await failsWith(
    [
      ['credential', /client secret .* ended on 2020-01-31/, /Make a new one/],
      ['credential', /AADSTS7000222/, /has expired: make a new one/],
    ],
    [],
    { GRAPH_CLIENT_SECRET_EXPIRES: '2020-01-31' },
  );
  await system.emulator.behave(entraRefuses(400, 'invalid_request', "AADSTS90002: Tenant 'x' not found."));
  await failsWith([['credential', /AADSTS90002/, /compare GRAPH_TENANT_ID/]]);
  await system.emulator.behave(entraRefuses(400, 'unauthorized_client', 'AADSTS700016: Application not found.'));
  await failsWith([['credential', /AADSTS700016/, /compare GRAPH_CLIENT_ID/]]);
  await system.emulator.behave({});
  await failsWith(
    [['credential', /The token is of tenant 1111.*GRAPH_TENANT_ID is 9999/, /Directory \(tenant\) ID/]],
    [],
    {
      GRAPH_TENANT_ID: OTHER_TENANT,
    },
  );
});

test('a permission that was not consented to, and a connection that is not there or not ours', async () => {
  await system.emulator.behave({ token: { roles: [] } });
  await failsWith([['credential', /may not send activities: its roles are none/, /Grant admin consent/]]);
  const roles = ['ExternalItem.ReadWrite.OwnedBy', 'ExternalConnection.ReadWrite.OwnedBy'];
  await system.emulator.behave({ token: { roles }, unknownConnections: ['gone1'] });
  await failsWith([['connections', /Connection gone1 is not in Graph: 404/, /Create it .*or correct its id/]]);
  await failsWith(
    [['settings', /Connection hrr is none of this configuration; there are hr1, gone1/, /SLUICE_CONNECTIONS/]],
    ['hrr'],
  );
  await system.emulator.behave({});
});

test('settings that no service would start with are all named, and the rest is looked at all the same', async () => {
  const { findings } = await doctor([], { GRAPH_CLIENT_SECRET: '', SLUICE_LINGER_MS: 'soon' });
  const failed = findings.filter(({ state }) => state === 'fail').map(({ text }) => text);
  assert.ok(
    failed.some((text) => text.startsWith('SLUICE_LINGER_MS')) &&
      failed.some((text) => text.includes('GRAPH_CLIENT_SECRET')),
  );
  assert.ok(findings.some(({ area, state }) => area === 'intake' && state === 'ok'));
});

test('a Graph that is not reached: no such name, a proxy that refuses, nobody there', async () => {
  const far = { SLUICE_ALLOW_INSECURE: '1', GRAPH_TOKEN_URL: 'http://login.invalid/t/oauth2/v2.0/token' };
  await failsWith([['credential', /login\.invalid.*dns/, /login\.invalid: its name is not found: check DNS/]], [], far);
  const proxy = createTcpServer((socket) => socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n')).listen(
    0,
    '127.0.0.1',
  );
  await once(proxy, 'listening');
  const { port } = proxy.address() as AddressInfo;
  const GRAPH_PROXY_URL = `http://ada:a-password@127.0.0.1:${port}`;
  await failsWith(
    [
      [
        'credential',
        /gets no token/,
        new RegExp(`through the proxy 127\\.0\\.0\\.1:${port}: it must allow CONNECT to login\\.invalid`),
      ],
    ],
    [],
    {
      ...far,
      GRAPH_PROXY_URL,
    },
  );
  proxy.close();
  await failsWith(
    [['graph', /Graph at http:\/\/127\.0\.0\.1:1\/ cannot be reached: refused/, /a firewall, or a proxy/]],
    [],
    {
      GRAPH_BASE_URL: 'http://127.0.0.1:1',
    },
  );
});

test('a clock that is off is told, against the token endpoint and against Graph', async () => {
  const late = new Date(Date.now() - 600_000).toUTCString();
  const body = JSON.stringify({ token_type: 'Bearer', expires_in: 3599, access_token: 'a.b.c' });
  const server = createServer((_request, response) => void response.setHeader('date', late).end(body)).listen(
    0,
    '127.0.0.1',
  );
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const ahead = /clock is (9|10) minutes ahead of/;
  await failsWith(
    [
      ['credential', ahead, /NTP/],
      ['graph', ahead, /NTP/],
    ],
    [],
    { GRAPH_BASE_URL: url, GRAPH_TOKEN_URL: `${url}/t/oauth2/v2.0/token` },
  );
  server.closeAllConnections();
  server.close();
});

test('an item that does not exist yet, and a connection that is held, are told from a real activity', async () => {
  await system.emulator.behave({ unknownItems: ['later'] });
  await failsWith(
    [['delivery', /Graph refused one viewed of item later.*404/, /There is no item later in Graph yet/]],
    ['hr1', 'later', '--performer', PERFORMER],
  );
  await system.emulator.behave({ script: [{ status: 403, times: 1000 }] });
  await failsWith(
    [['delivery', /403/, /admin consent.*authorizedAppIds.*sluice resume gone1/s]],
    [...['--connection', 'gone1', '--item', 'x', '--performer', PERFORMER]],
  );
  await failsWith([['connections', /Connection gone1: held: a permission is missing/, /Grant the application/]]);
  await system.emulator.behave({});
});

test('Redis away, evicting, and refusing its user; an intake and a console that are not there', async () => {
  await failsWith(
    [['redis', /Redis at redis:\/\/127\.0\.0\.1:1 cannot be used.*ECONNREFUSED/, /Start Redis, or correct REDIS_URL/]],
    ['hr1'],
    {
      REDIS_URL: 'redis://user:pass@127.0.0.1:1',
    },
  );
  await failsWith(
    [['redis', /does not accept the name or the password/, /Correct user and password in REDIS_URL/]],
    ['hr1'],
    {
      REDIS_URL: system.env['REDIS_URL']!.replace('of-this-test@', 'of-another@'),
    },
  );
  const admin = openAdmin(system.redis);
  await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
  await failsWith([['redis', /may throw activities away: maxmemory-policy is allkeys-lru/, /noeviction/]], ['hr1']);
  await admin.config('SET', 'maxmemory-policy', 'noeviction');
  await admin.config('SET', 'appendonly', 'no');
  await failsWith([['redis', /keeps less safely than SLUICE_DURABILITY \(fsync-1s\)/, /appendonly yes/]], ['hr1']);
  await admin.config('SET', 'appendonly', 'yes');
  admin.disconnect();
  await failsWith(
    [['redis', /SLUICE_SHARDS is 3 here, and what is stored lies in 1/, /Set SLUICE_SHARDS=1/]],
    ['hr1'],
    {
      SLUICE_SHARDS: '3',
    },
  );
  const nowhere = 'http://127.0.0.1:1';
  await failsWith(
    [
      ['intake', /intake at http:\/\/127\.0\.0\.1:1 does not answer/, /SLUICE_URL says where/],
      ['console', /console at http:\/\/127\.0\.0\.1:1 does not answer/, /SLUICE_CONSOLE_URL says where/],
    ],
    [],
    { SLUICE_URL: nowhere, SLUICE_CONSOLE_URL: nowhere },
  );
});

test('when no worker is there it says that nothing is delivered', async () => {
  await Promise.all(system.workers.map((worker) => worker.kill('SIGTERM')));
  await failsWith(
    [['workers', /No worker was seen within the last hour.*nothing is delivered/, /npx sluice worker/]],
    ['hr1'],
  );
});
