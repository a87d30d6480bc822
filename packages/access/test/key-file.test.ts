/* The file of keys: read again when it changes, and never worse than the last good one. */
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { addKey, revokeKeys, type StoredKey } from '@sluice/core';
import { eventually } from '@sluice/testing';
import { changeKeyFile, drawKey, openAccess } from '../src/index.ts';

function makeKey(name: string): { readonly key: string; readonly stored: StoredKey } {
  const { key, ...drawn } = drawKey();
  const limits = { requestsPerSecond: null, activitiesPerSecond: null };
  return {
    key,
    stored: { ...drawn, name, scopes: ['ingest'], connections: '*', ...limits, receipts: true, createdAt: null },
  };
}

async function open(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-access-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, 'keys.json');
  const warned: string[] = [];
  const logger = { info: () => {}, warn: (_fields: object, text: string) => warned.push(text) };
  const first = makeKey('first');
  const add = (stored: StoredKey) => changeKeyFile({ path, change: (keys) => addKey(keys, stored) });
  assert.ok((await add(first.stored)).ok);
  const start = async () => {
    const config = { keysFile: path, tokens: null };
    const access = await openAccess({ config, reachable: true, logger, lookEveryMs: 20 });
    t.after(access.close);
    const nameOf = async (key: string) => {
      const identified = await access.identify({ apiKey: null, bearer: key });
      return identified.ok ? identified.caller.name : identified.refusal.code;
    };
    const becomes = (key: string, name: string) =>
      eventually(async () => (await nameOf(key)) === name, { withinMs: 20_000, what: `the key is ${name}` });
    return { access, nameOf, becomes };
  };
  return { folder, path, warned, first, add, start };
}

test('a key that is added or revoked counts without a restart, and a client has both during the change', async (t) => {
  const { path, first, add, start } = await open(t);
  const { nameOf, becomes } = await start();
  assert.equal(await nameOf(first.key), 'first');
  const next = makeKey('first');
  assert.equal(await nameOf(next.key), 'credentials_invalid');
  await add(next.stored);
  await becomes(next.key, 'first');
  assert.equal(await nameOf(first.key), 'first');
  await changeKeyFile({ path, change: (keys) => revokeKeys(keys, first.stored.id, false) });
  await becomes(first.key, 'credentials_invalid');
  assert.equal(await nameOf(next.key), 'first');
});

test('a file that is broken, cut off or gone changes nothing and is told; mended it counts', async (t) => {
  const { path, warned, first, add, start } = await open(t);
  const { nameOf, becomes } = await start();
  const stranger = { ...first.stored, scope: 'all' };
  const bad = [
    '',
    '{"keys":[',
    '[]',
    '{"keys":[{}]}',
    JSON.stringify({ keys: [stranger] }),
    JSON.stringify({ keys: [first.stored, first.stored] }),
  ];
  for (const [n, text] of bad.entries()) {
    writeFileSync(path, text);
    const told = () => warned.filter((one) => one.includes('stay in force')).length > n;
    await eventually(async () => told(), { withinMs: 20_000, what: `it is told: ${text.slice(0, 40)}` });
    assert.equal(await nameOf(first.key), 'first');
  }
  rmSync(path);
  await eventually(async () => warned.filter((one) => one.includes('stay in force')).length > bad.length, {
    withinMs: 20_000,
    what: 'it is told that the file is gone',
  });
  assert.equal(await nameOf(first.key), 'first');
  const other = makeKey('other');
  await add(other.stored);
  await becomes(other.key, 'other');
  assert.equal(await nameOf(first.key), 'credentials_invalid', 'the file is the whole truth again');
});

test('a file behind links that are swapped, as Kubernetes does, is read again', async (t) => {
  const { folder, first } = await open(t);
  const other = makeKey('other');
  const write = (name: string, stored: StoredKey) =>
    writeFileSync(join(folder, name), JSON.stringify({ keys: [stored] }));
  write('v1', first.stored);
  write('v2', other.stored);
  const link = join(folder, 'mounted.json');
  symlinkSync('v1', link);
  const config = { keysFile: link, tokens: null };
  const access = await openAccess({
    config,
    reachable: true,
    logger: { info: () => {}, warn: () => {} },
    lookEveryMs: 20,
  });
  t.after(access.close);
  symlinkSync('v2', join(folder, 'next'));
  renameSync(join(folder, 'next'), link);
  const known = async () => (await access.identify({ apiKey: other.key, bearer: null })).ok;
  await eventually(known, { withinMs: 20_000, what: 'the new file counts' });
});

test('a file that everybody may read or write is used, with a warning', async (t) => {
  const { path, warned, first, start } = await open(t);
  assert.deepEqual(warned, []);
  chmodSync(path, 0o644);
  const { nameOf } = await start();
  assert.equal(await nameOf(first.key), 'first');
  assert.match(warned[0]!, /everybody on this machine: chmod 600/);
});

test('without a usable file at the start there is no service', async (t) => {
  const { path, start } = await open(t);
  writeFileSync(path, 'no');
  await assert.rejects(start);
  rmSync(path);
  await assert.rejects(start);
});

test('a change waits for another one’s, and says so when that one was killed', async (t) => {
  const { folder, path, first } = await open(t);
  writeFileSync(`${path}.new`, '');
  const refused = await changeKeyFile({ path, change: (keys) => addKey(keys, makeKey('x').stored), lockMsMax: 100 });
  assert.ok(!refused.ok);
  assert.match(refused.problem, /keys\.json\.new is there/);
  rmSync(`${path}.new`);
  const failed = changeKeyFile({
    path,
    change: () => {
      throw new Error('bug');
    },
  });
  assert.equal((await failed).ok, false);
  assert.deepEqual(readdirSync(folder), ['keys.json'], 'nothing is left beside it');
  assert.equal(first.stored.name, 'first');
});
