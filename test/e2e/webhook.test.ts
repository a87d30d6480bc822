/* Two consoles and one webhook: a connection that Graph refuses is told once, and once that it is over. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { eventually, spawnService } from '@sluice/testing';
import { consoleClient } from '../support/console-client.ts';
import { startProducer } from '../support/producer.ts';
import { startSystem } from '../support/start-system.ts';

const CONNECTION = 'refused';
const withinMs = 60_000;

interface Told {
  readonly text: string;
  readonly alerts: readonly { readonly phase: string; readonly kind: string; readonly connection: string | null }[];
}

test('two consoles tell a webhook of a hold once, and once that it is over', async () => {
  const told: Told[] = [];
  const hook = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    told.push(JSON.parse(Buffer.concat(chunks).toString()) as Told);
    response.end();
  });
  await new Promise<void>((resolve) => hook.listen(0, '127.0.0.1', resolve));
  const { port } = hook.address() as AddressInfo;
  const system = await startSystem({
    workers: 1,
    env: { SLUICE_ALERT_WEBHOOK_URL: `http://127.0.0.1:${port}/hook?sig=secret` },
    behavior: { connections: { [CONNECTION]: { script: [{ status: 403, times: 1000 }] } } },
  });
  const consoles = await Promise.all([0, 1].map(() => spawnService({ service: 'console', env: system.env })));
  const said = () => told.flatMap(({ alerts }) => alerts.map(({ phase, kind }) => `${kind} ${phase}`));
  try {
    const producer = startProducer(() => [system.intakes[0]!.url!]);
    await producer.post({ connection: CONNECTION, items: ['a'], count: 5 });
    await eventually(() => said().includes('held begun'), { withinMs, what: 'the hold is told' });
    assert.match(told[0]!.text, /^Sluice: connection refused is held\. .*permission/);
    await system.emulator.behave({ rate: null, concurrency: null, latencyMs: [1, 3] });
    await consoleClient(consoles[0]!.url!).ask(`/api/v1/connections/${CONNECTION}/resume`, {});
    await eventually(() => said().includes('held ended'), { withinMs, what: 'its end is told' });
    // Another state, told after it: had somebody told the first one twice, it would be here by now.
    await system.emulator.behave({ connections: { other: { script: [{ status: 403, times: 1000 }] } } });
    await producer.post({ connection: 'other', items: ['a'], count: 5 });
    const others = () => told.some(({ alerts }) => alerts.some(({ connection }) => connection === 'other'));
    await eventually(others, { withinMs, what: 'the hold of another connection is told' });
    assert.deepEqual(said(), ['held begun', 'held ended', 'held begun']);
  } finally {
    await Promise.all(consoles.map((one) => one.kill('SIGKILL')));
    await system.stop();
    hook.close();
    hook.closeAllConnections();
  }
});
