/* post, receipt and import against a whole Sluice: what they say is what the emulator's ledger says. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { drained } from '../support/conservation.ts';
import { runSluice } from '../support/run-sluice.ts';
import { type System, startSystem } from '../support/start-system.ts';

const ACTIVITIES = 3000;
const BAD = 7;

let system: System;
let folder: string;
let env: Readonly<Record<string, string>>;
before(async () => {
  system = await startSystem({ workers: 1, intakes: 1 });
  folder = mkdtempSync(join(tmpdir(), 'sluice-cli-'));
  env = { SLUICE_URL: system.intakes[0]!.url!, SLUICE_API_KEY: '' };
});
after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await system.stop();
});

const linesOf = async (connection: string) =>
  (await system.emulator.ledger()).filter((line) => line.connection === connection).length;

test('a file with bad lines: the rest is delivered, the same file again is not, and its receipt says so', async () => {
  const all = Array.from({ length: ACTIVITIES }, (_, n) => ({
    itemId: `item-${n % 50}`,
    type: n % Math.floor(ACTIVITIES / BAD) === 3 ? 'veiwed' : 'viewed',
    startDateTime: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
    performedBy: { type: 'user', id: '11111111-2222-4333-8444-555555555555' },
  }));
  const bad = all.filter(({ type }) => type !== 'viewed').length;
  const file = join(folder, 'views.ndjson');
  writeFileSync(file, all.map((one) => `${JSON.stringify(one)}\n`).join(''));
  const args = ['post', file, '--connection', 'posted', '--key', 'views-of-today', '--json'];
  const first = await runSluice(args, env);
  assert.equal(first.code, 1, first.err);
  const sum = JSON.parse(first.out);
  assert.deepEqual([sum.accepted, sum.duplicates, sum.rejectedTotal], [ACTIVITIES - bad, 0, bad]);
  const places = sum.rejected.map(({ place }: { place: string }) => Number(place.slice('line '.length)));
  assert.deepEqual(
    places.toSorted((a: number, b: number) => a - b),
    all.flatMap(({ type }, at) => (type === 'viewed' ? [] : [at + 1])),
  );
  assert.match(sum.rejected[0].message, /Did you mean "viewed"\?/);

  const again = JSON.parse((await runSluice(args, env)).out);
  assert.deepEqual([again.accepted, again.duplicates, again.rejectedTotal], [0, ACTIVITIES - bad, bad]);
  await drained(system, ['posted'], 60_000);
  assert.equal(await linesOf('posted'), ACTIVITIES - bad);

  const receipt = await runSluice(['receipt', sum.receiptIds[0]], env);
  assert.equal(receipt.code, 0, receipt.err);
  assert.match(receipt.out, /for connection posted; all have come to their end/);
  assert.match(receipt.out, /^ +\d+ delivered$/m);
});

test('the history of a repository, followed until Graph has all of it; again, nothing', async () => {
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], { cwd: folder });
  git('init', '-q', '-b', 'main');
  for (let n = 0; n < 5; n++) {
    writeFileSync(join(folder, `file-${n}`), 'x');
    git('add', `file-${n}`);
    git('commit', '-qm', `commit ${n}`);
  }
  const args = ['import', 'git', folder, '--connection', 'history', '--follow', '--json'];
  const first = await runSluice(args, env);
  assert.equal(first.code, 0, first.err);
  const { accepted, delivered, open } = JSON.parse(first.out);
  assert.deepEqual([accepted, delivered, open], [5, 5, 0]);
  const { accepted: now, duplicates } = JSON.parse((await runSluice(args, env)).out);
  assert.deepEqual([now, duplicates], [0, 5]);
  assert.equal(await linesOf('history'), 5);
});
