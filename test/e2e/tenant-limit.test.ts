/* Four connections under one hidden limit of their tenant: it is found, used up, shared evenly, and hardly ever refused. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { openStore } from '../support/conservation.ts';
import { startProducer } from '../support/producer.ts';
import { startSystem } from '../support/start-system.ts';

const TENANT_ID = '11111111-2222-4333-8444-0000000000c0';
const CONNECTIONS = ['people', 'tickets', 'wiki', 'crm'];
const RATE = 40;
const items = Array.from({ length: 50 }, (_, n) => `item-${n}`);
/** Seconds to settle, and then to measure. */
const SETTLE_S = 14;
const MEASURE_S = 15;

/** The bars are loose: half a minute is short for a quota to settle, and a busy machine has late timers. */
const BARS = { usedMin: 0.6, refusedMax: 0.05, jainMin: 0.95 };

/** 1 when all have the same share, 1 ÷ n when one has everything (Jain, Chiu, Hawe 1984). */
function jainOf(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

test('a hidden limit of the tenant is found, used up and shared evenly by its connections', async (t) => {
  const system = await startSystem({
    workers: 2,
    configFile: async (url, folder) => {
      await writeFile(join(folder, 'secret'), 'a secret of this test');
      return {
        tenants: {
          contoso: {
            tenantId: TENANT_ID,
            clientId: randomUUID(),
            clientSecretFile: 'secret',
            tokenUrl: `${url}/${TENANT_ID}/oauth2/v2.0/token`,
            connections: Object.fromEntries(CONNECTIONS.map((id) => [id, {}])),
          },
        },
      };
    },
    env: { SLUICE_RATE_INITIAL: '20' },
    behavior: { latencyMs: [20, 40], tenants: { [TENANT_ID]: { rate: RATE, window: 'bucket', burst: 20 } } },
  });
  const store = openStore(system);
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    const calls = ((SETTLE_S + MEASURE_S) * RATE * 1.5) / CONNECTIONS.length;
    for (let n = 0; n < calls * 20; n += 1000) {
      await Promise.all(CONNECTIONS.map((connection) => producer.post({ connection, items, count: 1000 })));
    }
    const fromMs = Date.now() + SETTLE_S * 1000;
    const toMs = fromMs + MEASURE_S * 1000;
    await eventually(() => Date.now() >= toMs, { withinMs: 60_000, what: 'the time to measure is over' });
    const quota = await store.tenantQuota('contoso');
    const seen = (await system.emulator.calls()).filter(({ at }) => Date.parse(at) >= fromMs && Date.parse(at) < toMs);
    const taken = seen.filter(({ status }) => status === 200);
    const shares = CONNECTIONS.map((id) => taken.filter(({ connection }) => connection === id).length);
    const used = taken.length / (RATE * MEASURE_S);
    const refused = (seen.length - taken.length) / seen.length;
    const jain = jainOf(shares);
    t.diagnostic(`used ${(used * 100).toFixed(1)} %, refused ${(refused * 100).toFixed(2)} %, Jain ${jain.toFixed(4)}`);
    t.diagnostic(`calls of the four: ${shares.join(', ')}; rate held ${(1e6 / quota.bucket!.intervalUs).toFixed(1)}/s`);
    assert.ok(used >= BARS.usedMin, `${used} of the limit used`);
    assert.ok(refused <= BARS.refusedMax, `${refused} refused`);
    assert.ok(jain >= BARS.jainMin, `Jain ${jain} of ${shares.join(', ')}`);
  } finally {
    await store.close();
    await system.stop();
  }
});
