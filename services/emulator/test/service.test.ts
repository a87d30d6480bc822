import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { eventually, type Service, spawnService } from '@sluice/testing';
import { clientOf, FREE } from './client.ts';

const ARRIVED = { withinMs: 5000, what: 'the call arrives' };

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'emulator-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function spawnIn(
  t: TestContext,
  folder: string,
): Promise<{ service: Service; client: ReturnType<typeof clientOf> }> {
  const service = await spawnService({ service: 'emulator', env: { SLUICE_DATA_DIR: folder } });
  const client = clientOf(service.url!);
  t.after(async () => {
    client.close();
    await service.kill('SIGKILL');
  });
  return { service, client };
}

test('every answered call is in the ledger after kill -9, and tokens are still good', async (t) => {
  const folder = newFolder(t);
  const { service, client } = await spawnIn(t, folder);
  await client.behave(FREE);
  const token = await client.token();
  const answered: string[] = [];
  const callers = Array.from({ length: 8 }, async (_, caller) => {
    for (let n = 0; ; n++) {
      const id = `${caller}-${n}`;
      const seen = await client
        .call({ token, item: id, entries: 20, headers: { 'client-request-id': id } })
        .catch(() => null);
      if (seen === null) return;
      answered.push(id);
      if (answered.length === 200) void service.kill('SIGKILL');
    }
  });
  await Promise.all(callers);
  assert.equal((await service.exited).signal, 'SIGKILL');

  const { client: later } = await spawnIn(t, folder);
  const lines = await later.ledger();
  const appended = new Map<string, number>();
  for (const { clientRequestId } of lines) appended.set(clientRequestId, (appended.get(clientRequestId) ?? 0) + 1);
  for (const id of answered) assert.equal(appended.get(id), 20, `call ${id}`);
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    lines.map((_, i) => i + 1),
  );
  assert.equal((await later.call({ token, item: 'later', entries: 1 })).status, 200);
  const [last] = await later.ledger('?item=later');
  assert.deepEqual([last.seq, last.call > lines.at(-1).call], [lines.length + 1, true]);
});

test('SIGTERM lets a call in flight end, and exits 0', async (t) => {
  const { service, client } = await spawnIn(t, newFolder(t));
  await client.behave({ latencyMs: [300, 300] });
  const token = await client.token();
  const call = client.call({ token });
  await eventually(async () => (await client.stats()).perSecond.length > 0, ARRIVED);
  const exit = service.kill('SIGTERM');
  assert.equal((await call).status, 200);
  assert.deepEqual(await exit, { code: 0, signal: null });
});

test('a hang does not hold up a stop, and its entries are left as not answered', async (t) => {
  const folder = newFolder(t);
  const { service, client } = await spawnIn(t, folder);
  await client.behave({ script: [{ status: 200, delayMs: 3_600_000 }] });
  const call = client.call();
  const cutOff = assert.rejects(call);
  await eventually(async () => (await client.ledger()).length > 0, ARRIVED);
  assert.equal((await service.kill('SIGINT')).code, 0);
  await cutOff;
  const { client: later } = await spawnIn(t, folder);
  assert.deepEqual(
    (await later.ledger()).map(({ answered }) => answered),
    [false, false],
  );
});

test('a second signal ends it at once', async (t) => {
  const { service, client } = await spawnIn(t, newFolder(t));
  await client.behave({ script: [{ status: 200, delayMs: 3_600_000 }] });
  const cutOff = assert.rejects(client.call());
  await eventually(async () => (await client.ledger()).length > 0, ARRIVED);
  void service.kill('SIGTERM');
  await service.waitFor('stopping');
  assert.equal((await service.kill('SIGTERM')).code, 1);
  await cutOff;
});

test('a taken port is named in one line, exit 1', async (t) => {
  const { service } = await spawnIn(t, newFolder(t));
  const port = new URL(service.url!).port;
  const second = await spawnService({
    service: 'emulator',
    env: { SLUICE_DATA_DIR: newFolder(t), PORT: port },
    readyMsg: null,
  });
  assert.equal((await second.exited).code, 1);
  assert.deepEqual(
    second.logs.map(({ msg }) => msg),
    [`emulator: port ${port} on 127.0.0.1 is taken; set PORT to another (0 takes a free one)`],
  );
});

test('a port that is none is named, exit 78', async (t) => {
  const service = await spawnService({
    service: 'emulator',
    env: { SLUICE_DATA_DIR: newFolder(t), PORT: '80a' },
    readyMsg: null,
  });
  assert.equal((await service.exited).code, 78);
  assert.match(service.logs[0]!.msg, /PORT must be a whole number from 0 to 65535; it is "80a"/);
});
