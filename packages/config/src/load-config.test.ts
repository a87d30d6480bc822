import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { makeCertificate } from '@sluice/testing';
import fc from 'fast-check';
import { ConfigError, loadConfig, type Needs } from './load-config.ts';
import { SETTING_GROUPS } from './settings.ts';

const GUID = '11111111-2222-3333-4444-555555555555';
const GRAPH = { GRAPH_TENANT_ID: GUID, GRAPH_CLIENT_ID: GUID, GRAPH_CLIENT_SECRET: 'canary-secret' };

function refusal(variables: Record<string, string>, needs: Needs = {}): string {
  try {
    loadConfig(variables, { needs });
  } catch (error) {
    assert.ok(error instanceof ConfigError);
    assert.equal(error.exitCode, 78);
    return error.message;
  }
  assert.fail(`accepted: ${JSON.stringify(variables)}`);
}

const CONNECTION_DEFAULTS = {
  lingerMs: 1000,
  batchEntriesMax: 20,
  ageBoundMs: 60_000,
  inFlightMax: 20,
  retryAttemptsMax: 10,
  retryAgeMaxMs: 86_400_000,
  retryBaseMs: 1000,
  retryCapMs: 300_000,
  unknownPolicy: 'retry',
  viewedAgeMaxMs: null,
  pendingMax: 5_000_000,
  deadLettersMax: 1_000_000,
  callTimeoutMs: 20_000,
  leaseMs: 30_000,
  quota: { rateInitial: 20, rateMax: null, probeBudget: 0.006, share: 1 },
};

test('an empty environment gives the documented defaults, frozen', () => {
  const { config, warnings } = loadConfig({ PATH: '/usr/bin', SLUICE_LINGER_MS: '', GRAPH_CLOUD: '  ' });
  assert.deepEqual(warnings, []);
  assert.deepEqual(config, {
    redis: {
      url: 'redis://127.0.0.1:6399',
      urlFile: null,
      tls: { caFile: null, certificate: null },
      sentinels: { username: null, password: null, passwordFile: null },
    },
    outcomes: {},
    shards: 1,
    connectionsMax: 1000,
    workerCallsMax: 100,
    performerIds: 'object-id',
    tenants: [{ name: 'default', graph: null, connections: '*', settings: CONNECTION_DEFAULTS }],
    access: { keysFile: null, tokens: null },
    alerts: { webhookUrl: null, ageMs: 900_000 },
    tls: null,
    durability: 'fsync-1s',
    durabilityAssume: null,
    receiptsMax: 1_000_000,
    receiptTtlMs: 86_400_000,
    idempotencyMax: 1_000_000,
    dedupe: 'id',
    dedupeWindowMs: 86_400_000,
    dedupeMax: 20_000_000,
    bodyBytesMax: 4_194_304,
    requestActivitiesMax: 5000,
    activityBytesMax: 4096,
    listen: { bind: '127.0.0.1', port: null },
    allowAnonymous: false,
    shutdownMs: 25_000,
    dataDir: '.sluice',
    logLevel: 'info',
  });
  assert.ok(Object.isFrozen(config) && Object.isFrozen(config.tenants[0]?.settings.quota));
});

test('every number setting takes its bounds and refuses the first number beyond them', () => {
  for (const setting of SETTING_GROUPS.flatMap((group) => group.settings)) {
    const bounds = /^must be a (whole )?number from ([\d.]+) to ([\d.]+)/.exec(setting.rule);
    if (bounds === null) continue;
    const step = bounds[1] === undefined ? 0.001 : 1;
    const [min, max] = [Number(bounds[2]), Number(bounds[3])];
    for (const inside of [min, max]) assert.ok(setting.read(String(inside)).ok, `${setting.name}=${inside}`);
    const outside = [String(max + step), '-1', '1e3', '0x10', ' ', 'NaN', 'Infinity', '1,5', ...(min > 0 ? ['0'] : [])];
    for (const text of outside) assert.equal(setting.read(text).ok, false, `${setting.name}=${text}`);
  }
});

test('what a row documents as its default is a value that the row accepts', () => {
  for (const setting of SETTING_GROUPS.flatMap((group) => group.settings)) {
    if (typeof setting.fallback !== 'number' && typeof setting.fallback !== 'string') continue;
    assert.deepEqual(setting.read(String(setting.fallback)), { ok: true, value: setting.fallback }, setting.name);
  }
});

test('one error names every wrong setting with its value and rule', () => {
  const message = refusal({
    ...GRAPH,
    SLUICE_LINGER_MS: 'soon',
    SLUICE_BATCH_MAX: '21',
    SLUICE_UNKNOWN_POLICY: 'drop',
    PORT: '65536',
    SLUICE_LEASE_MS: '20000',
    SLUICE_RETRY_CAP_MS: '10',
  });
  assert.equal(
    message,
    [
      '6 settings are wrong:',
      '  PORT is "65536": must be a whole number from 0 to 65535.',
      '  SLUICE_LINGER_MS is "soon": must be a whole number from 0 to 3600000.',
      '  SLUICE_BATCH_MAX is "21": must be a whole number from 1 to 20.',
      '  SLUICE_UNKNOWN_POLICY is "drop": must be one of retry, park.',
      '  SLUICE_LEASE_MS is 20000 and SLUICE_CALL_TIMEOUT_MS is 20000: the lease must be at least 5000 longer than the call.',
      '  SLUICE_RETRY_CAP_MS is 10 and SLUICE_RETRY_BASE_MS is 1000: the cap must not be below the base.',
    ].join('\n'),
  );
});

test('a lease of exactly the call and five seconds is enough', () => {
  loadConfig({ SLUICE_CALL_TIMEOUT_MS: '25000' });
  assert.match(refusal({ SLUICE_CALL_TIMEOUT_MS: '25001' }), /SLUICE_LEASE_MS is 30000/);
});

test('REDIS_URL is checked and never shown', () => {
  for (const url of ['redis://h', 'rediss://u:p@h:6380/3', 'redis://[::1]:6379', 'redis://:p@10.0.0.1']) {
    assert.equal(loadConfig({ REDIS_URL: url }).config.redis.url, url);
  }
  for (const url of ['http://u:canary@h', 'redis://', 'canary', 'redis://u:canary@h/zero', 'redis://h?canary=1']) {
    const message = refusal({ REDIS_URL: url });
    assert.match(message, /^ {2}REDIS_URL has a value that is not shown here: must be redis\[s\]:\/\//m);
    assert.doesNotMatch(message, /canary/);
  }
  for (const url of ['redis+sentinel://u:p@h1,h2:26380/mymaster', 'rediss+cluster://h1,h2']) {
    assert.equal(loadConfig({ REDIS_URL: url }).config.redis.url, url);
  }
});

test('REDIS_CA_FILE holds certificates and is read at start', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  const path = join(folder, 'ca.pem');
  assert.match(refusal({ REDIS_CA_FILE: path }), /REDIS_CA_FILE names .*, which cannot be read/);
  writeFileSync(path, 'no certificate');
  assert.match(refusal({ REDIS_CA_FILE: path }), /REDIS_CA_FILE names .*, which holds no certificate/);
  writeFileSync(path, '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n');
  assert.deepEqual(loadConfig({ REDIS_CA_FILE: path }).config.redis.tls, { caFile: path, certificate: null });
  rmSync(folder, { recursive: true });
});

test('a user of the Sentinels needs a password', () => {
  assert.match(
    refusal({ REDIS_SENTINEL_USERNAME: 'sluice' }),
    /REDIS_SENTINEL_USERNAME is set, but REDIS_SENTINEL_PASSWORD is not/,
  );
  const login = { REDIS_SENTINEL_USERNAME: 'sluice', REDIS_SENTINEL_PASSWORD: 'p' };
  assert.deepEqual(loadConfig(login).config.redis.sentinels, { username: 'sluice', password: 'p', passwordFile: null });
});

test('REDIS_CERT_FILE and REDIS_KEY_FILE belong together', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const [mine, other] = [makeCertificate(), makeCertificate()];
  const [certFile, keyFile, otherKeyFile] = ['cert.pem', 'key.pem', 'other.pem'].map((name) => join(folder, name));
  writeFileSync(certFile!, mine.certificatePem);
  writeFileSync(keyFile!, mine.privateKeyPem);
  writeFileSync(otherKeyFile!, other.privateKeyPem);
  const both = { REDIS_CERT_FILE: certFile!, REDIS_KEY_FILE: keyFile! };
  assert.deepEqual(loadConfig(both).config.redis.tls.certificate, { certFile, keyFile });
  assert.match(refusal({ REDIS_CERT_FILE: certFile! }), /REDIS_CERT_FILE is set, but REDIS_KEY_FILE is not/);
  assert.match(refusal({ REDIS_KEY_FILE: keyFile! }), /REDIS_KEY_FILE is set, but REDIS_CERT_FILE is not/);
  assert.match(refusal({ ...both, REDIS_KEY_FILE: otherKeyFile! }), /REDIS_KEY_FILE names a key that does not belong/);
  assert.match(refusal({ ...both, REDIS_CERT_FILE: join(folder, 'no') }), /REDIS_CERT_FILE names .*cannot be read/);
});

test('connections are everything or a list of ids', () => {
  const { tenants } = loadConfig({ SLUICE_CONNECTIONS: ' hrX, tickets,hrX,' }).config;
  assert.deepEqual(tenants[0]?.connections, {
    hrX: { graphId: 'hrX', settings: CONNECTION_DEFAULTS },
    tickets: { graphId: 'tickets', settings: CONNECTION_DEFAULTS },
  });
  assert.equal(loadConfig({ SLUICE_CONNECTIONS: '*' }).config.tenants[0]?.connections, '*');
  assert.match(
    refusal({ SLUICE_CONNECTIONS: 'hrX,../x' }),
    /"\.\.\/x" is not a connection id: 3 to 32 letters and digits/,
  );
  assert.match(refusal({ SLUICE_CONNECTIONS: 'hr' }), /"hr" is not a connection id/);
  assert.match(
    refusal({ SLUICE_CONNECTIONS: 'hrX,MicrosoftHr' }),
    /SLUICE_CONNECTIONS names "MicrosoftHr", an id that Graph gives no connection\./,
  );
  assert.match(refusal({ SLUICE_CONNECTIONS: ',' }), /must be \* or connection ids/);
});

test('an address beyond this machine needs SLUICE_ALLOW_ANONYMOUS for services with callers only', () => {
  for (const bind of ['127.0.0.1', '127.9.9.9', 'localhost', '::1']) {
    assert.equal(loadConfig({ SLUICE_BIND: bind }, { needs: { callers: true } }).config.listen.bind, bind);
  }
  assert.match(refusal({ SLUICE_BIND: '0.0.0.0' }, { callers: true }), /SLUICE_BIND is "0\.0\.0\.0": .*no keys/);
  assert.match(refusal({ HOST: 'my-machine' }, { callers: true }), /HOST is "my-machine"/);
  assert.match(refusal({ HOST: '::' }, { callers: true }), /HOST is "::"/);
  loadConfig({ SLUICE_BIND: '0.0.0.0' });
  loadConfig({ SLUICE_BIND: '0.0.0.0', SLUICE_ALLOW_ANONYMOUS: '1' }, { needs: { callers: true } });
  assert.equal(
    loadConfig({ SLUICE_BIND: '127.0.0.2', HOST: '0.0.0.0' }, { needs: { callers: true } }).config.listen.bind,
    '127.0.0.2',
  );
  assert.match(refusal({ SLUICE_BIND: 'a b' }), /must be an IP address or a host name/);
});

test('names that look like a slip are warned about; Kubernetes service links are not', () => {
  const { warnings } = loadConfig({
    SLUICE_LINGERMS: '5',
    GRAPH_TENANTID: GUID,
    SLUICE_FROBNICATE: '1',
    SLUICE_PORT: 'tcp://10.0.0.1:80',
    SLUICE_INTAKE_PORT_8080_TCP: 'x',
    SLUICE_INTAKE_SERVICE_HOST: '10.0.0.1',
    SLUICE_API_KEY: 'k',
    OTHER_NAME: 'x',
  });
  assert.deepEqual(warnings, [
    'GRAPH_TENANTID is not a setting of Sluice and is ignored. Did you mean "GRAPH_TENANT_ID"?',
    'SLUICE_FROBNICATE is not a setting of Sluice and is ignored.',
    'SLUICE_LINGERMS is not a setting of Sluice and is ignored. Did you mean "SLUICE_LINGER_MS"?',
  ]);
});

test('a name that looks like a slip is told with what is wrong, which it may be the cause of', () => {
  assert.throws(
    () => loadConfig({ GRAPH_TENANTID: GUID }, { needs: { graph: true } }),
    /GRAPH_TENANT_ID is not set[\s\S]*GRAPH_TENANTID is not a setting of Sluice and is ignored\. Did you mean "GRAPH_TENANT_ID"\?$/,
  );
});

test('a secret may come from a file, and from one place only', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'secret');
  writeFileSync(path, 'from-file\n');
  const { GRAPH_CLIENT_SECRET: _, ...rest } = GRAPH;
  const file = { ...rest, GRAPH_CLIENT_SECRET_FILE: path };
  const [tenant] = loadConfig(file, { needs: { graph: true } }).config.tenants;
  const app = { kind: 'app', tenantId: GUID, clientId: GUID } as const;
  assert.deepEqual(tenant?.graph?.credential, { ...app, proof: { kind: 'secret-file', path } });
  const redis = join(folder, 'redis');
  writeFileSync(redis, ' redis://:p@h\n');
  const { url, urlFile } = loadConfig({ REDIS_URL_FILE: redis }).config.redis;
  assert.deepEqual([url, urlFile], ['redis://:p@h', redis]);
  const { sentinels } = loadConfig({ REDIS_SENTINEL_PASSWORD_FILE: path }).config.redis;
  assert.deepEqual(sentinels, { username: null, password: 'from-file', passwordFile: path });
  const both = refusal({ ...GRAPH, GRAPH_CLIENT_SECRET_FILE: path }, { graph: true });
  assert.match(both, /GRAPH_CLIENT_SECRET and GRAPH_CLIENT_SECRET_FILE are both set: keep one of them/);
  assert.doesNotMatch(both, /canary/);
  writeFileSync(path, ' \n');
  assert.match(refusal(file, { graph: true }), /GRAPH_CLIENT_SECRET_FILE is ".*secret": the file is empty/);
  rmSync(path);
  assert.match(refusal(file, { graph: true }), /GRAPH_CLIENT_SECRET_FILE is ".*": the file cannot be read \(ENOENT\)/);
});

test('no text of any length in any variable gets past the rules or into the message whole', () => {
  const names = SETTING_GROUPS.flatMap((group) => group.settings).map((setting) => setting.name);
  fc.assert(
    fc.property(fc.constantFrom(...names), fc.string({ unit: 'binary', maxLength: 3000 }), (name, value) => {
      try {
        loadConfig({ [name]: value });
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
        assert.ok(error.message.length < 2000);
      }
    }),
  );
});

test('a webhook is https, or on this machine, may have a query, and is never shown', () => {
  const alertsOf = (url: string, more: Record<string, string> = {}) =>
    loadConfig({ SLUICE_ALERT_WEBHOOK_URL: url, ...more }).config.alerts;
  assert.deepEqual(loadConfig({}).config.alerts, { webhookUrl: null, ageMs: 900_000 });
  assert.equal(alertsOf('https://hooks.example/a?sig=b').webhookUrl, 'https://hooks.example/a?sig=b');
  assert.equal(alertsOf('http://127.0.0.1:9/x').webhookUrl, 'http://127.0.0.1:9/x');
  assert.equal(alertsOf('http://hooks.example/a', { SLUICE_ALLOW_INSECURE: '1' }).webhookUrl, 'http://hooks.example/a');
  const fromFile = loadConfig(
    { SLUICE_ALERT_WEBHOOK_URL_FILE: '/hook' },
    { readFile: () => 'https://hooks.example/b\n' },
  );
  assert.equal(fromFile.config.alerts.webhookUrl, 'https://hooks.example/b');
  for (const wrong of ['http://hooks.example/canary', 'https://me:canary@hooks.example/', 'canary']) {
    const refused = (error: Error) => /SLUICE_ALERT_WEBHOOK_URL/.test(error.message) && !/canary/.test(error.message);
    assert.throws(() => alertsOf(wrong), refused, wrong);
  }
});
