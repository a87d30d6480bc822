/* Several tenants in one Sluice, each with another kind of credential: every activity arrives with the token of its own tenant. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, makeCertificate } from '@sluice/testing';
import { drained } from '../support/conservation.ts';
import type { LedgerLine } from '../support/emulator-control.ts';
import { startProducer } from '../support/producer.ts';
import { type System, type SystemOptions, startSystem } from '../support/start-system.ts';
import { startTokenGate } from '../support/token-gate.ts';

const TENANTS = {
  contoso: '11111111-2222-4333-8444-0000000000c0',
  fabrikam: '11111111-2222-4333-8444-0000000000fa',
  wingtip: '11111111-2222-4333-8444-0000000000d1',
};
/** The emulator's tenant of every managed identity. */
const MANAGED = '00000000-0000-4000-8000-000000000001';
const items = Array.from({ length: 8 }, (_, n) => `item-${n}`);

async function start(t: TestContext, options: SystemOptions): Promise<System> {
  const system = await startSystem(options);
  t.after(() => system.stop());
  return system;
}

const idsOf = (tenantId: string) => ({ tenantId, clientId: randomUUID() });
const endpointOf = (emulatorUrl: string, tenantId: string) => `${emulatorUrl}/${tenantId}/oauth2/v2.0/token`;

/** Four tenants, each with a connection that Graph calls `hr1`, and one more of its own. */
const fourTenants = async (url: string, folder: string) => {
  await writeFile(join(folder, 'secret'), 'a secret\n');
  await writeFile(join(folder, 'certificate.pem'), makeCertificate().pem);
  await writeFile(join(folder, 'token'), 'a.federated.token');
  const connections = (name: string) => ({ [`hr${name}`]: { graphId: 'hr1' }, [`own${name}`]: {} });
  const tenant = (name: keyof typeof TENANTS, credential: object) => ({
    ...idsOf(TENANTS[name]),
    ...credential,
    tokenUrl: endpointOf(url, TENANTS[name]),
    connections: connections(name),
  });
  return {
    tenants: {
      contoso: tenant('contoso', { clientSecretFile: 'secret' }),
      fabrikam: tenant('fabrikam', { certificatePath: 'certificate.pem' }),
      wingtip: tenant('wingtip', { federatedTokenFile: 'token' }),
      machine: { managedIdentity: 'system', connections: connections('machine') },
    },
  };
};

const TENANT_OF: Readonly<Record<string, string>> = { ...TENANTS, machine: MANAGED };

test('four tenants with four kinds of credentials at once: every line of the ledger has the tenant of its connection', async (t) => {
  // Tokens live two seconds, and of each tenant one is refused: all the while tokens of all tenants are fetched and replaced.
  const refused = { status: 401, headers: { 'WWW-Authenticate': 'Bearer realm=""' } };
  const own = Object.keys(TENANT_OF).map((name) => [`own${name}`, { script: [{ status: 200, times: 9 }, refused] }]);
  const system = await start(t, {
    workers: 0,
    configFile: fourTenants,
    // A busy machine must not make answers late: each activity is to be there once.
    env: { SLUICE_CALL_TIMEOUT_MS: '10000', SLUICE_LEASE_MS: '20000' },
    behavior: { token: { expiresIn: 2 }, connections: Object.fromEntries(own) },
  });
  // The identity endpoint's address is known only now.
  const identity = { IDENTITY_ENDPOINT: `${system.emulator.url}/msi/token`, IDENTITY_HEADER: 'any' };
  await Promise.all([system.startWorker(identity), system.startWorker(identity)]);
  const names = Object.keys(TENANT_OF).flatMap((name) => [`hr${name}`, `own${name}`]);
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  // Until the traffic has outlived several tokens of each tenant in each worker.
  const tokensAtLeast = 4 * 2 * 3;
  await eventually(
    async () => {
      await Promise.all(names.map((connection) => producer.post({ connection, items, count: 20 })));
      return ((await system.emulator.stats()).tokenCalls['200'] ?? 0) >= tokensAtLeast;
    },
    { withinMs: 40_000, what: `${tokensAtLeast} tokens were fetched` },
  );
  await drained(system, names, 60_000);

  const lines = await system.emulator.ledger();
  const sentBy = new Map(
    [...producer.acknowledged, ...producer.doubtful].map((sent) => [sent.performer, sent.connection]),
  );
  const wrong = lines.filter((line) => !belongs(line, sentBy.get(line.activity.performedBy.id)));
  assert.deepEqual(wrong.slice(0, 3), [], `${wrong.length} of ${lines.length} lines are of another tenant`);
  const arrived = new Set(lines.map((line) => line.activity.performedBy.id));
  const lost = producer.acknowledged.filter(({ performer }) => !arrived.has(performer));
  assert.deepEqual(lost.slice(0, 3), [], `${lost.length} activities were lost`);
  assert.equal(lines.length, arrived.size, 'once each');
  assert.equal(new Set(lines.map((line) => line.tenant)).size, 4);
});

function belongs({ tenant, connection }: LedgerLine, name: string | undefined): boolean {
  const [, kind, owner] = /^(hr|own)(\w+)$/.exec(name ?? '') ?? [];
  return tenant === TENANT_OF[owner ?? ''] && connection === (kind === 'hr' ? 'hr1' : name);
}

test('a connection that no tenant has is answered 404, whatever Graph calls its own', async (t) => {
  const system = await start(t, { workers: 0, configFile: fourTenants });
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  assert.equal(await producer.post({ connection: 'hr1', items, count: 1 }), 404);
  assert.equal(await producer.post({ connection: 'hrcontoso', items, count: 1 }), 202);
});

test('one tenant whose credential is refused does not stop another', async (t) => {
  const gate = await startTokenGate(t, () => system.emulator.url, 'good');
  const system: System = await start(t, {
    workers: 1,
    configFile: async (_url, folder) => {
      await writeFile(join(folder, 'bad'), 'bad');
      await writeFile(join(folder, 'good'), 'good');
      const tenant = (name: 'contoso' | 'fabrikam', clientSecretFile: string, connection: string) => ({
        ...idsOf(TENANTS[name]),
        clientSecretFile,
        tokenUrl: gate.urlOf(TENANTS[name]),
        connections: { [connection]: {} },
      });
      return {
        tenants: { contoso: tenant('contoso', 'bad', 'stopped'), fabrikam: tenant('fabrikam', 'good', 'flowing') },
      };
    },
  });
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  for (const connection of ['stopped', 'flowing']) await producer.post({ connection, items, count: 40 });
  await drained(system, ['flowing'], 20_000);
  const lines = await system.emulator.ledger();
  assert.deepEqual(
    new Set(lines.map((line) => `${line.tenant} ${line.connection}`)),
    new Set([`${TENANTS.fabrikam} flowing`]),
  );
  assert.equal(lines.length, 40);
});

test('a secret that is rotated under way is used without a restart, and nothing is lost or held', async (t) => {
  const gate = await startTokenGate(t, () => system.emulator.url, 'old');
  let path = '';
  const system: System = await start(t, {
    workers: 1,
    behavior: { token: { expiresIn: 1 } },
    configFile: async (_url, folder) => {
      path = join(folder, 'secret');
      await writeFile(path, 'old\n');
      const tokenUrl = gate.urlOf(TENANTS.contoso);
      return { tenants: { contoso: { ...idsOf(TENANTS.contoso), clientSecretFile: 'secret', tokenUrl } } };
    },
  });
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  const post = async () => assert.equal(await producer.post({ connection: 'rotated', items, count: 40 }), 202);
  await post();
  await drained(system, ['rotated'], 20_000);
  // As an operator does it: both are good for a while, then the old one is deleted.
  gate.take('old', 'new');
  await writeFile(`${path}.next`, 'new\n');
  await rename(`${path}.next`, path);
  await eventually(
    async () => {
      await post();
      return gate.asked.some(({ secret }) => secret === 'new');
    },
    { withinMs: 20_000, what: 'the new secret is used' },
  );
  gate.take('new');
  await post();
  await drained(system, ['rotated'], 20_000);
  assert.deepEqual(
    gate.asked.filter(({ status }) => status !== 200),
    [],
    'no request was refused',
  );
  assert.equal((await system.emulator.ledger()).length, producer.acknowledged.length);
});

test('a claims challenge is answered once, with its claims, and the call is sent again', async (t) => {
  const gate = await startTokenGate(t, () => system.emulator.url, 's');
  const asked = { access_token: { nbf: { essential: true, value: '1763942400' } } };
  const claims = Buffer.from(JSON.stringify(asked)).toString('base64');
  const challenge = { 'WWW-Authenticate': `Bearer realm="", error="insufficient_claims", claims="${claims}"` };
  const system: System = await start(t, {
    workers: 1,
    behavior: { script: [{ status: 401, headers: challenge }] },
    configFile: async (_url, folder) => {
      await writeFile(join(folder, 'secret'), 's');
      const tokenUrl = gate.urlOf(TENANTS.contoso);
      return { tenants: { contoso: { ...idsOf(TENANTS.contoso), clientSecretFile: 'secret', tokenUrl } } };
    },
  });
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  await producer.post({ connection: 'challenged', items: ['a'], count: 20 });
  await drained(system, ['challenged'], 20_000);
  assert.deepEqual((await system.emulator.stats()).byStatus, { '200': 1, '401': 1 });
  assert.equal(gate.asked.length, 2);
  const [first, second] = gate.asked.map(({ claims: sent }) => sent as { access_token: unknown } | null);
  assert.deepEqual([first, second?.access_token], [null, asked.access_token]);
});

const oneTenant =
  (connections: object, more: object = {}) =>
  async (url: string, folder: string) => {
    await writeFile(join(folder, 'secret'), 's');
    const tokenUrl = endpointOf(url, TENANTS.contoso);
    const contoso = { ...idsOf(TENANTS.contoso), clientSecretFile: 'secret', tokenUrl, connections };
    return { tenants: { contoso }, ...more };
  };

interface Receipt {
  readonly final: boolean;
  readonly counts: Readonly<Record<'delivered' | 'parked' | 'dead' | 'pending', number>>;
}

async function postForReceipt(system: System, connection: string): Promise<() => Promise<Receipt>> {
  const intake = system.intakes[0]!.url!;
  const activities = Array.from({ length: 5 }, (_, n) => ({
    type: 'viewed',
    startDateTime: `2026-01-01T00:00:0${n}Z`,
    performedBy: { type: 'user', id: randomUUID() },
  }));
  const response = await fetch(`${intake}/v1/connections/${connection}/items/a/activities`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ activities }),
  });
  const { receiptId } = (await response.json()) as { receiptId: string };
  return async () => (await (await fetch(`${intake}/v1/receipts/${receiptId}`)).json()) as Receipt;
}

const final = (read: () => Promise<Receipt>) =>
  eventually(
    async () => {
      const receipt = await read();
      return receipt.final && receipt;
    },
    { withinMs: 20_000, what: 'the receipt is final' },
  );

test('the policy for calls of unknown outcome is the connection’s own', async (t) => {
  const system = await start(t, {
    workers: 1,
    configFile: oneTenant({ parking: { unknownPolicy: 'park' }, retrying: {} }),
    behavior: {
      connections: { parking: { script: [{ status: 'lost' }] }, retrying: { script: [{ status: 'lost' }] } },
    },
  });
  const [parking, retrying] = await Promise.all(['parking', 'retrying'].map((id) => postForReceipt(system, id)));
  assert.deepEqual((await final(parking!)).counts.parked, 5);
  assert.deepEqual((await final(retrying!)).counts.delivered, 5);
  const lines = await system.emulator.ledger();
  assert.deepEqual(
    ['parking', 'retrying'].map((id) => lines.filter(({ connection }) => connection === id).length),
    [5, 10],
  );
});

test('each connection lingers as long as it is told', async (t) => {
  const system = await start(t, {
    workers: 1,
    env: { SLUICE_LINGER_MS: '' },
    configFile: oneTenant({ quick: { lingerMs: 0 }, patient: { lingerMs: 600_000 }, small: { batchMax: 2 } }),
  });
  const reads = await Promise.all(['quick', 'patient', 'small'].map((id) => postForReceipt(system, id)));
  const [quick, patient, small] = reads;
  assert.equal((await final(quick!)).counts.delivered, 5);
  assert.equal((await final(small!)).counts.delivered, 5);
  assert.equal((await patient!()).counts.pending, 5);
  const calls = Map.groupBy(await system.emulator.ledger(), ({ connection, call }) => `${connection} ${call}`);
  const sizes = [...calls].filter(([key]) => key.startsWith('small')).map(([, lines]) => lines.length);
  assert.ok(Math.max(...sizes) <= 2, `calls of ${sizes.join(', ')}`);
});

const OUTCOMES = { ACCESSdenied: 'retry', serviceNotAvailable: 'dead', invalidStrange: 'hold' };

test('what the operator says of a code beats the table: retried, dead or held', async (t) => {
  const failing = (code: string) => ({ entryError: { code, message: 'm' }, script: [{ status: 207, apply: [] }] });
  const system = await start(t, {
    workers: 1,
    configFile: oneTenant({ retried: {}, killed: {}, holding: {} }, { outcomes: OUTCOMES }),
    behavior: {
      connections: {
        retried: failing('accessDenied'),
        killed: failing('serviceNotAvailable'),
        holding: { ...failing('invalidStrange'), script: [{ status: 207, apply: [], times: 100 }] },
      },
    },
  });
  const reads = await Promise.all(['retried', 'killed', 'holding'].map((id) => postForReceipt(system, id)));
  const [retried, killed, holding] = reads;
  assert.equal((await final(retried!)).counts.delivered, 5);
  assert.equal((await final(killed!)).counts.dead, 5);
  const held = await eventually(
    async () => {
      const receipt = (await holding!()) as Receipt & { waitingFor: { reason: string; detail: string }[] };
      return receipt.waitingFor[0]?.reason === 'held' && receipt;
    },
    { withinMs: 20_000, what: 'the connection is held' },
  );
  assert.match(held.waitingFor[0]!.detail, /outcome_hold: invalidStrange/);
  assert.deepEqual([held.counts.pending, held.counts.dead], [5, 0]);
});
