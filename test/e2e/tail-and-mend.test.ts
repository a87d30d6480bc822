/*
  An operator with a terminal: sluice tail shows an activity from its acceptance to its end, and what Graph refused for good is
  exported, corrected in the file, sent again and discarded.
*/
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually, type Service, spawnService } from '@sluice/testing';
import { runSluice } from '../support/run-sluice.ts';
import { type System, startSystem } from '../support/start-system.ts';

const BIN = fileURLToPath(new URL('../../services/cli/bin/sluice.js', import.meta.url));
const PERFORMER = '2c9a5a86-1f4d-4c2e-9f6b-8d1e0c7b3a55';
const WITHIN = { withinMs: 60_000 };

let system: System;
let console: Service;
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-tail-'));
  system = await startSystem({ workers: 1 });
  console = await spawnService({ service: 'console', env: system.env, readyWithinMs: 60_000 });
});
after(async () => {
  await console?.kill('SIGKILL');
  await system?.stop();
  await rm(folder, { recursive: true, force: true });
});

const addresses = () => ({ SLUICE_URL: system.intakes[0]!.url!, SLUICE_CONSOLE_URL: console.url!, INIT_CWD: folder });
const sluice = (...args: readonly string[]) => runSluice(args, addresses());

interface Told {
  readonly event: string;
  readonly [member: string]: unknown;
}

function openTail(...args: readonly string[]) {
  const child = spawn(process.execPath, [BIN, 'tail', '--json', ...args], { env: { ...process.env, ...addresses() } });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  const events = () =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Told);
  const seen = (event: string, where: Readonly<Record<string, unknown>>) =>
    eventually(
      () =>
        events().find(
          (each) => each.event === event && Object.entries(where).every(([name, value]) => each[name] === value),
        ),
      { ...WITHIN, what: `${event} ${JSON.stringify(where)} among ${text}` },
    );
  return {
    seen,
    events,
    end: async () => {
      child.kill('SIGINT');
      assert.deepEqual(await once(child, 'exit'), [130, null]);
    },
  };
}

async function post(connection: string, itemId: string, startDateTime = '2026-01-01T00:00:00Z') {
  const activity = { itemId, type: 'viewed', startDateTime, performedBy: { type: 'user', id: PERFORMER } };
  await writeFile(join(folder, 'one.ndjson'), `${JSON.stringify(activity)}\n`);
  const posted = await sluice('post', 'one.ndjson', '--connection', connection);
  assert.equal(posted.code, 0, posted.err);
}

test('an activity is seen from its acceptance to its call; failures alone are seen by who asks for them, and a hold', async () => {
  // So that the connection is there when somebody begins to watch.
  await post('hr1', 'before');
  await system.emulator.behave({ unknownItems: ['missing'] });
  const [all, item, failures] = [openTail('--connection', 'hr1'), openTail('--item', 'seen'), openTail('--failed')];
  // What is watched is told from then on: so it is posted until all of them watch.
  await eventually(
    async () => {
      await post('hr1', 'seen', new Date().toISOString());
      await post('hr1', 'missing', new Date().toISOString());
      const has = (tail: ReturnType<typeof openTail>, itemId: string) =>
        tail.events().some((each) => each['itemId'] === itemId);
      return has(all, 'seen') && has(item, 'seen') && has(failures, 'missing');
    },
    { ...WITHIN, what: 'all three watch' },
  );
  const accepted = await all.seen('accepted', { itemId: 'seen' });
  assert.match(String(accepted['receiptId']), /^s0/);
  const call = await all.seen('call', { itemId: 'seen', status: '200' });
  assert.ok(Number(call['durationMs']) >= 0 && typeof call['requestId'] === 'string' && Number(call['delivered']) >= 1);
  const refused = await failures.seen('call', { itemId: 'missing', status: '404' });
  assert.match(String(refused['reason']), /itemNotFound/);
  await system.emulator.behave({ script: [{ status: 403, times: 100 }] });
  await post('hr1', 'held');
  await failures.seen('state', { connectionId: 'hr1', state: 'held' });
  await item.seen('state', { state: 'held' });
  assert.deepEqual(new Set(item.events().flatMap((each) => each['itemId'] ?? [])), new Set(['seen']));
  assert.ok(failures.events().every((each) => each.event !== 'accepted'));
  await Promise.all([all.end(), item.end(), failures.end()]);
  await system.emulator.behave({});
  await sluice('resume', 'hr1');
});

test('what Graph refused is exported, corrected, sent again and discarded; then it is delivered once, and nothing is left', async () => {
  await system.emulator.behave({
    connections: { mend1: { shares: { 207: 1 }, entryError: { code: 'invalidRequest', message: 'bad' } } },
  });
  const letters = async () =>
    JSON.parse((await sluice('dead', 'list', 'mend1', '--json')).out).entries as readonly { id: string }[];
  let posted = 0;
  await eventually(
    async () => {
      await post('mend1', 'wrong', new Date(Date.UTC(2026, 0, 1) + ++posted).toISOString());
      const status = await sluice('status', '--json');
      return (JSON.parse(status.out).connections as readonly Told[]).some(
        (each) => each['connectionId'] === 'mend1' && Number(each['deadLetters']) > 0,
      );
    },
    { ...WITHIN, what: 'a dead letter' },
  );
  await system.emulator.behave({});
  await eventually(async () => (await sluice('item', 'mend1', 'wrong')).out.includes(': 0 pending'), {
    ...WITHIN,
    what: 'all have ended',
  });
  const kept = await letters();
  const exported = await sluice('dead', 'export', 'mend1');
  assert.deepEqual([exported.code, exported.out.trim().split('\n').length], [0, kept.length]);
  const path = join(folder, 'letters.ndjson');
  await writeFile(path, exported.out);
  await writeFile(path, (await readFile(path, 'utf8')).replaceAll('"itemId":"wrong"', '"itemId":"right"'));
  const sent = await sluice('post', 'letters.ndjson', '--connection', 'mend1');
  assert.equal(sent.code, 0, sent.err);
  const discarded = await sluice('dead', 'discard', 'mend1', '--all');
  assert.equal(discarded.code, 0, discarded.err);
  const delivered = async () => (await system.emulator.ledger()).filter(({ item }) => item === 'right').length;
  await eventually(async () => (await delivered()) === kept.length, {
    ...WITHIN,
    what: 'what was corrected is delivered',
  });
  assert.deepEqual(await letters(), []);
});
