import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { stringify } from 'yaml';
import { connectionSettings } from './connection-settings.ts';
import { ConfigError, loadConfig, type Needs } from './load-config.ts';

const [CONTOSO, FABRIKAM, APP] = ['c', 'f', 'a'].map((digit) => `11111111-2222-3333-4444-55555555555${digit}`);
const FILE = '/etc/sluice/sluice.yaml';
const FILES: Readonly<Record<string, string>> = {
  '/run/secrets/contoso': 'canary-secret\n',
  '/etc/sluice/token': 'canary.token',
};

/** A file of two tenants, as the documentation shows it. */
const TWO = `
tenants:
  contoso:
    tenantId: ${CONTOSO}
    clientId: ${APP}
    clientSecretFile: /run/secrets/contoso
    connections:
      hr1:
      tickets: { rateMax: 10, unknownPolicy: park }
  fabrikam:
    tenantId: ${FABRIKAM}
    clientId: ${APP}
    federatedTokenFile: token
    cloud: gcc-high
    version: beta
    tokenUrl: https://sts.example/token
    connections:
      hrFabrikam: { graphId: hr1 }
defaults: { lingerMs: 250, batchMax: 10 }
outcomes: { someGraphCode: retry, Bad: dead }
`;
const ONE = TWO.replace(/ {2}fabrikam:[\s\S]*(?=defaults)/, '');

/** A few lines that would become 9^7 values. */
const BOMB = [
  'a0: &a0 x',
  ...Array.from({ length: 7 }, (_, n) => `a${n + 1}: &a${n + 1} [${`*a${n},`.repeat(9)}]`),
].join('\n');

function load(yaml: string, variables: Record<string, string> = {}, needs: Needs = { graph: true }) {
  const readFile = (path: string) => {
    const text = path === FILE ? yaml : FILES[path];
    if (text === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
    return text;
  };
  return loadConfig({ SLUICE_CONFIG: FILE, ...variables }, { needs, readFile }).config;
}

function refusal(yaml: string, variables: Record<string, string> = {}): readonly string[] {
  try {
    load(yaml, variables);
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    assert.equal(error.exitCode, 78);
    assert.doesNotMatch(error.message, /canary/);
    return error.problems;
  }
  assert.fail('accepted');
}

test('two tenants, each with its credential, its cloud and its connections', () => {
  const config = load(TWO);
  const [contoso, fabrikam] = config.tenants;
  assert.deepEqual(contoso?.graph, {
    credential: {
      kind: 'app',
      tenantId: CONTOSO,
      clientId: APP,
      proof: { kind: 'secret-file', path: '/run/secrets/contoso' },
    },
    cloud: 'global',
    version: 'v1.0',
    baseUrl: null,
    tokenUrl: null,
    secretExpiresMs: null,
    proxy: null,
    claimsChallenges: false,
    allowInsecure: false,
  });
  assert.deepEqual(
    [fabrikam?.graph?.credential.kind, fabrikam?.graph?.cloud, fabrikam?.graph?.version, fabrikam?.graph?.tokenUrl],
    ['app', 'usgov', 'beta', 'https://sts.example/token'],
  );
  assert.deepEqual(config.outcomes, { someGraphCode: 'retry', Bad: 'dead' });
  assert.ok(Object.isFrozen(contoso?.connections) && Object.isFrozen(config.outcomes));
});

test('a connection has its tenant, Graph’s name of it, and its own settings over the defaults over ours', () => {
  const config = load(TWO);
  const tickets = connectionSettings(config, 'tickets');
  assert.deepEqual(
    [
      tickets?.tenant.name,
      tickets?.graphConnectionId,
      tickets?.settings.quota.rateMax,
      tickets?.settings.unknownPolicy,
    ],
    ['contoso', 'tickets', 10, 'park'],
  );
  assert.deepEqual(
    [tickets?.settings.lingerMs, tickets?.settings.batchEntriesMax, tickets?.settings.inFlightMax],
    [250, 10, 20],
  );
  const hr = connectionSettings(config, 'hr1');
  assert.deepEqual([hr?.tenant.name, hr?.settings.quota.rateMax, hr?.settings.lingerMs], ['contoso', null, 250]);
  const other = connectionSettings(config, 'hrFabrikam');
  assert.deepEqual([other?.tenant.name, other?.graphConnectionId], ['fabrikam', 'hr1']);
  for (const id of ['unknown', 'constructor', '__proto__', 'HR1', ''])
    assert.equal(connectionSettings(config, id), null);
});

test('a variable beats the file, for every connection', () => {
  const config = load(TWO, { SLUICE_LINGER_MS: '5', SLUICE_RATE_MAX: '3', GRAPH_CLOUD: 'dod', GRAPH_VERSION: 'v1.0' });
  const { settings } = connectionSettings(config, 'tickets')!;
  assert.deepEqual([settings.lingerMs, settings.quota.rateMax, settings.batchEntriesMax], [5, 3, 10]);
  assert.deepEqual(
    config.tenants.map(({ graph }) => [graph?.cloud, graph?.version]),
    [
      ['usgov-dod', 'v1.0'],
      ['usgov-dod', 'v1.0'],
    ],
  );
});

test('variables of one tenant beat a file of one tenant, and are refused beside several; AZURE_ names count for neither', () => {
  const azure = { AZURE_TENANT_ID: FABRIKAM!, AZURE_CLIENT_ID: 'x', AZURE_CLIENT_SECRET: 'canary' };
  const { graph, connections } = load(ONE, {
    ...azure,
    GRAPH_TENANT_ID: FABRIKAM!,
    GRAPH_MANAGED_IDENTITY: 'system',
    SLUICE_CONNECTIONS: 'tickets,more',
  }).tenants[0]!;
  assert.deepEqual(graph?.credential, { kind: 'managed-identity', clientId: null });
  assert.ok(connections !== '*');
  assert.deepEqual(
    Object.entries(connections).map(([id, { settings }]) => [id, settings.quota.rateMax, settings.lingerMs]),
    [
      ['tickets', 10, 250],
      ['more', null, 250],
    ],
  );
  const names = ['GRAPH_TENANT_ID', 'GRAPH_CLIENT_SECRET', 'GRAPH_TOKEN_URL', 'SLUICE_CONNECTIONS'];
  const problems = refusal(TWO, { ...azure, ...Object.fromEntries(names.map((name) => [name, 'canary'])) });
  assert.deepEqual(
    problems.filter((problem) => problem.includes('names several tenants')).map((problem) => problem.split(' ')[0]),
    names,
  );
  assert.ok(
    refusal(ONE, { SLUICE_CONNECTIONS: '*' })[0]?.startsWith('SLUICE_CONNECTIONS is "*", but SLUICE_CONFIG names'),
  );
});

test('a file without tenants gives defaults and outcomes to the tenant of the variables', () => {
  const variables = { AZURE_TENANT_ID: CONTOSO!, AZURE_CLIENT_ID: APP!, AZURE_CLIENT_SECRET: 'canary' };
  const config = load('defaults: { lingerMs: 1 }\noutcomes: { c: hold }\n', variables);
  assert.deepEqual([config.tenants.length, config.tenants[0]?.connections, config.outcomes], [1, '*', { c: 'hold' }]);
  assert.equal(connectionSettings(config, 'anything')?.settings.lingerMs, 1);
});

test('one error names every wrong place of the file with its value and rule', () => {
  const problems = refusal(`
tenants:
  contoso:
    tenantId: contoso
    clientID: ${APP}
    clientSecret: canary
    clientSecretFile: /run/secrets/contoso
    certificatePath: a.pem
    cloud: china
    connections:
      hr1: { lingerMs: soon, rateMax: "10", batchMax: 2.5, graphID: x }
      tickets: { callTimeoutMs: 26000 }
      hr: {}
      bad1: [1]
  "con toso": { managedIdentity: me, connections: { other: {}, tickets: {} } }
  fabrikam: { managedIdentity: system }
  none:
default: {}
outcomes: { a: drop, B: retry, b: dead, 5: 5 }
`);
  assert.deepEqual(problems.toSorted(), [
    'SLUICE_CONFIG: default is not known (did you mean "defaults"?).',
    'SLUICE_CONFIG: outcomes.5 is 5: must be one of retry, dead, hold.',
    'SLUICE_CONFIG: outcomes.a is "drop": must be one of retry, dead, hold.',
    'SLUICE_CONFIG: outcomes.b and outcomes.B are the same code, for letter case does not count.',
    'SLUICE_CONFIG: tenants.con toso has a name that is none: 1 to 64 letters, digits, - and _, a letter or digit first.',
    'SLUICE_CONFIG: tenants.con toso.connections.tickets has the name of tenants.contoso.connections.tickets: names are unique over all tenants; name one of them differently and give its graphId.',
    'SLUICE_CONFIG: tenants.con toso.managedIdentity is "me": must be system, or the client id of a user-assigned identity, a GUID.',
    'SLUICE_CONFIG: tenants.contoso has no clientId: must be the application (client) id, a GUID.',
    'SLUICE_CONFIG: tenants.contoso.clientID is not known (did you mean "clientId"?).',
    'SLUICE_CONFIG: tenants.contoso.clientSecret is not known; no secret belongs in this file, clientSecretFile names a file that holds it.',
    'SLUICE_CONFIG: tenants.contoso.clientSecretFile and SLUICE_CONFIG: tenants.contoso.certificatePath are both set: there is one credential, keep one of them.',
    'SLUICE_CONFIG: tenants.contoso.cloud is "china": must be one of global, usgov (or gcc-high), usgov-dod (or dod); Microsoft Graph operated by 21Vianet has no external connections API, so there is nothing to deliver to.',
    'SLUICE_CONFIG: tenants.contoso.connections.bad1 is [1]: must be a map of the settings of a connection.',
    'SLUICE_CONFIG: tenants.contoso.connections.hr is not a connection id: 3 to 32 letters and digits.',
    'SLUICE_CONFIG: tenants.contoso.connections.hr1.batchMax is "2.5": must be a whole number from 1 to 20.',
    'SLUICE_CONFIG: tenants.contoso.connections.hr1.graphID is not known (did you mean "graphId"?).',
    'SLUICE_CONFIG: tenants.contoso.connections.hr1.lingerMs is "soon": must be a whole number from 0 to 3600000.',
    'SLUICE_CONFIG: tenants.contoso.connections.hr1.rateMax is "10": must be a number from 0.01 to 10000, or none.',
    'SLUICE_CONFIG: tenants.contoso.tenantId is "contoso": must be the directory (tenant) id, a GUID.',
    'SLUICE_CONFIG: tenants.fabrikam names no connections: with several tenants each connection is named, because its tenant follows from it.',
    'SLUICE_CONFIG: tenants.none has no clientId: must be the application (client) id, a GUID.',
    'SLUICE_CONFIG: tenants.none has no credential: give one of clientSecretFile, certificatePath, federatedTokenFile, managedIdentity.',
    'SLUICE_CONFIG: tenants.none has no tenantId: must be the directory (tenant) id, a GUID.',
    'SLUICE_CONFIG: tenants.none names no connections: with several tenants each connection is named, because its tenant follows from it.',
    'SLUICE_LEASE_MS is 30000 and SLUICE_CONFIG: tenants.contoso.connections.tickets.callTimeoutMs is 26000: the lease must be at least 5000 longer than the call.',
  ]);
});

test('one connection of Graph has one name in its tenant, and may have the same in another', () => {
  const twins = TWO.replace('tickets: { rateMax: 10', 'tickets: { graphId: hr1, rateMax: 10');
  assert.deepEqual(refusal(twins), [
    "SLUICE_CONFIG: tenants.contoso.connections.tickets is Graph's connection hr1, as hr1 is: one connection has one name.",
  ]);
});

test('an id that Graph gives no connection is no connection of Graph, but may be ours for another', () => {
  const at = 'SLUICE_CONFIG: tenants.contoso.connections';
  assert.deepEqual(refusal(ONE.replace('hr1:', 'Teams:')), [
    `${at}.Teams is an id that Graph gives no connection: if it is called otherwise there, give that as graphId.`,
  ]);
  assert.deepEqual(refusal(ONE.replace('hr1:', 'hr1: { graphId: MicrosoftHr }')), [
    `${at}.hr1.graphId is an id that Graph gives no connection.`,
  ]);
  const config = load(ONE.replace('hr1:', 'Teams: { graphId: hr1 }'));
  assert.equal(connectionSettings(config, 'Teams')?.graphConnectionId, 'hr1');
});

test('a file that is away, empty, no YAML or no map says so, once, and nothing else is guessed', () => {
  for (const [yaml, problem] of [
    ['', /the file is empty/],
    ['a: 1\na: 2', /it is not YAML: Map keys must be unique at line 2, column 1/],
    ['a: [1', /it is not YAML: .*line 1/],
    ['a: *b', /it is not YAML: Unresolved alias/],
    ['a: 1\n---\nb: 2', /it is not YAML: Source contains multiple documents/],
    [BOMB, /it is not YAML: Excessive alias count/],
    [`# ${'x'.repeat(4_200_000)}`, /longer than 4194304 characters/],
  ] as const) {
    const problems = refusal(yaml);
    assert.equal(problems.length, 1, problems.join().slice(0, 300));
    assert.match(problems[0] ?? '', new RegExp(`^SLUICE_CONFIG is "${FILE}": `));
    assert.match(problems[0] ?? '', problem);
  }
  assert.match(refusal('[1]').join(), /SLUICE_CONFIG: is \[1\]: must be a map of tenants, defaults, outcomes/);
  assert.match(
    refusal(ONE, { SLUICE_CONFIG: '/none' }).join(),
    /SLUICE_CONFIG is "\/none": the file cannot be read \(ENOENT\)/,
  );
});

test('what a credential names must be there for a service that calls Graph, and is not looked at by another', () => {
  const gone = TWO.replace('/run/secrets/contoso', 'gone').replace(
    'federatedTokenFile: token',
    'certificatePath: token',
  );
  assert.deepEqual(refusal(gone), [
    'SLUICE_CONFIG: tenants.contoso.clientSecretFile is "/etc/sluice/gone": the file cannot be read (ENOENT).',
    'SLUICE_CONFIG: tenants.fabrikam.certificatePath is "/etc/sluice/token": must be the path of a PEM file with a certificate and its RSA private key, not encrypted; it holds no private key (PEM, "BEGIN PRIVATE KEY").',
  ]);
  assert.equal(load(gone, {}, {}).tenants.length, 2);
});

test('as many connections as there may be, and no more', () => {
  assert.deepEqual(refusal(TWO, { SLUICE_CONNECTIONS_MAX: '2' }), [
    'SLUICE_CONNECTIONS_MAX is 2, but 3 connections are named: raise it.',
  ]);
  load(TWO, { SLUICE_CONNECTIONS_MAX: '3' });
});

test('a file that is wrong in every line is refused in a message of bounded length', () => {
  const long = stringify({ defaults: Object.fromEntries(Array.from({ length: 5000 }, (_, n) => [`wrong${n}`, n])) });
  assert.throws(
    () => load(long, {}, {}),
    (error: unknown) =>
      error instanceof ConfigError && error.message.length < 60_000 && /and 4900 more\.$/.test(error.message),
  );
});

test('no value at any place of a file does anything but pass or be named', () => {
  const key = fc.oneof(
    fc.constantFrom(
      'tenants',
      'defaults',
      'outcomes',
      'connections',
      'contoso',
      'hr1',
      'lingerMs',
      'cloud',
      'graphId',
      '__proto__',
    ),
    fc.string({ maxLength: 8 }),
  );
  const leaf = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constant(null), fc.constant('*'));
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'medium', withCrossShrink: true },
      leaf,
      fc.dictionary(key, tie('tree'), { maxKeys: 4 }),
      fc.array(tie('tree'), { maxLength: 2 }),
    ),
  }));
  fc.assert(
    fc.property(tree, fc.boolean(), (value, graph) => {
      try {
        load(stringify(value), {}, { graph });
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error));
      }
    }),
    { numRuns: 500 },
  );
});
