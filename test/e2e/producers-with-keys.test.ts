/* The client and the commands against an intake with keys: the right key is taken, the others are told why not, at once. */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createSluice, SluiceError } from '@sluice/client/source';
import { runSluice } from '../support/run-sluice.ts';
import { type System, startSystem } from '../support/start-system.ts';

const ACTIVITY = {
  type: 'viewed',
  startDateTime: '2026-03-02T09:30:00Z',
  performedBy: { type: 'user', id: '11111111-2222-4333-8444-555555555555' },
} as const;

let system: System;
let folder: string;
let key: string;
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-keyed-'));
  const file = join(folder, 'keys.json');
  const scopes = ['--name', 'wiki', '--scope', 'ingest,read', '--connections', 'allowed'];
  const made = await runSluice(['keys', 'create', ...scopes, '--file', file, '--json'], {});
  assert.equal(made.code, 0, made.err);
  key = JSON.parse(made.out).key;
  system = await startSystem({ workers: 0, intakes: 1, env: { SLUICE_API_KEYS_FILE: file } });
});
after(async () => {
  await system.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function track(apiKey: string | (() => Promise<string>) | null, connection: string) {
  const sluice = createSluice({ url: system.intakes[0]!.url!, ...(apiKey !== null && { apiKey }) });
  try {
    return await sluice.track({ connection, item: 'a1', ...ACTIVITY });
  } finally {
    await sluice.close();
  }
}

test('the client: with its key it is stored, without or elsewhere it is refused at once, with the problem', async () => {
  assert.equal((await track(key, 'allowed')).connection, 'allowed');
  assert.equal((await track(async () => key, 'allowed')).connection, 'allowed');
  for (const [apiKey, connection, status] of [
    [null, 'allowed', 401],
    ['wrong', 'allowed', 401],
    [key, 'another', 403],
  ] as const) {
    await assert.rejects(track(apiKey, connection), (error: unknown) => {
      assert.ok(error instanceof SluiceError);
      assert.deepEqual([error.problem?.status, error.stored], [status, 'no']);
      return true;
    });
  }
});

test('the commands: the key is in SLUICE_API_KEY, and what is refused is said', async () => {
  const file = join(folder, 'a.ndjson');
  writeFileSync(file, `${JSON.stringify({ itemId: 'a2', ...ACTIVITY })}\n`);
  const url = system.intakes[0]!.url!;
  const post = (connection: string, secret: string) =>
    runSluice(['post', file, '--connection', connection, '--json'], { SLUICE_URL: url, SLUICE_API_KEY: secret });
  const taken = await post('allowed', key);
  assert.equal(taken.code, 0, taken.err);
  const { receiptIds, accepted } = JSON.parse(taken.out);
  assert.equal(accepted, 1);
  const receipt = await runSluice(['receipt', receiptIds[0]], { SLUICE_URL: url, SLUICE_API_KEY: key });
  assert.match(receipt.out, /1 waiting/);
  const elsewhere = await post('another', key);
  assert.deepEqual([elsewhere.code, JSON.parse(elsewhere.out).accepted], [1, 0]);
  assert.match(elsewhere.err, /broke off: \w+: .*/);
  const wrong = await post('allowed', 'wrong');
  assert.equal(wrong.code, 1);
  const unseen = await runSluice(['receipt', receiptIds[0]], { SLUICE_URL: url, SLUICE_API_KEY: 'wrong' });
  assert.equal(unseen.code, 1);
  assert.match(unseen.err, /\(401 /);
});
