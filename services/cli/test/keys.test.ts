/* sluice keys: what is printed, what is kept, and what is refused. */
import assert from 'node:assert/strict';
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { hashKey, openAccess } from '@sluice/access';
import { runCommand } from '../src/run-command.ts';

interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

function open(t: TestContext, env: Record<string, string> = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-keys-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'keys.json');
  async function keys(...args: string[]): Promise<Ran> {
    const written = { out: '', err: '' };
    const to = (name: 'out' | 'err') => ({
      write: (text: string) => {
        written[name] += text;
        return true;
      },
      on: () => {},
    });
    const world = { env, cwd: folder, root: folder, out: to('out'), err: to('err'), exit: () => {} };
    const code = await runCommand(['keys', ...args], world as never);
    return { code, ...written };
  }
  const create = (...args: string[]) =>
    keys('create', '--name', 'hr system', '--scope', 'ingest', '--connections', 'hr1', '--file', file, ...args);
  return { folder, file, keys, create };
}

const kept = (file: string) => JSON.parse(readFileSync(file, 'utf8')).keys as readonly Record<string, unknown>[];

test('create prints the key alone, once, and keeps its hash in a file that only its owner can read', async (t) => {
  const { file, folder, create } = open(t);
  const { code, out, err } = await create(
    '--requests-per-second',
    '5',
    '--activities-per-second',
    '0.5',
    '--no-receipts',
  );
  assert.equal(code, 0, err);
  assert.match(out, /^slu_[0-9A-Za-z]{12}_[0-9A-Za-z]{43}\n$/);
  assert.match(err, /shown once.*SLUICE_API_KEYS_FILE=/s);
  const [key] = kept(file);
  assert.equal(key?.['sha256'], hashKey(out.trim()));
  assert.deepEqual([key?.['name'], key?.['scopes'], key?.['connections']], ['hr system', ['ingest'], ['hr1']]);
  assert.deepEqual([key?.['requestsPerSecond'], key?.['activitiesPerSecond'], key?.['receipts']], [5, 0.5, false]);
  assert.doesNotMatch(readFileSync(file, 'utf8'), new RegExp(out.trim()));
  assert.equal(statSync(file).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['keys.json']);
});

test('the key works at once where the file is used', async (t) => {
  const { file, create } = open(t);
  const made = JSON.parse((await create('--json')).out);
  assert.deepEqual([made.name, made.file, made.sha256], ['hr system', file, undefined]);
  const logger = { info: () => {}, warn: () => {} };
  const access = await openAccess({ config: { keysFile: file, tokens: null }, reachable: true, logger });
  t.after(access.close);
  const identified = await access.identify({ apiKey: null, bearer: made.key });
  assert.equal(identified.ok && identified.caller.name, 'hr system');
});

test('a client has at most two keys; one is revoked by its id, all by name', async (t) => {
  const { file, create, keys } = open(t);
  const ids = [JSON.parse((await create('--json')).out).id, JSON.parse((await create('--json')).out).id];
  const third = await create();
  assert.deepEqual([third.code, third.out], [1, '']);
  assert.match(third.err, /more than 2 keys; revoke one/);
  const unclear = await keys('revoke', 'hr system', '--file', file);
  assert.equal(unclear.code, 1);
  assert.match(unclear.err, new RegExp(`${ids[0]} and ${ids[1]}`));
  assert.equal((await keys('revoke', ids[0], '--file', file)).code, 0);
  assert.deepEqual(
    kept(file).map(({ id }) => id),
    [ids[1]],
  );
  assert.equal((await create()).code, 0);
  assert.equal((await keys('revoke', 'hr system', '--all', '--file', file)).code, 0);
  assert.deepEqual(kept(file), []);
  assert.equal((await keys('revoke', 'hr system', '--file', file)).code, 1);
});

test('list shows everything but the hash', async (t) => {
  const { file, create, keys } = open(t);
  await create();
  const table = await keys('list', '--file', file);
  assert.match(table.out, /^ID +CLIENT +SCOPES.*\n\w{12} +hr system +ingest +hr1 /);
  const json = JSON.parse((await keys('list', '--file', file, '--json')).out);
  assert.deepEqual([json.keys.length, json.keys[0].sha256], [1, undefined]);
  assert.equal((await keys('list', '--file', join(file, 'none'))).code, 1);
});

test('keys that are made at the same moment are all kept', async (t) => {
  const { file, keys } = open(t);
  const made = await Promise.all(
    Array.from({ length: 12 }, (_, n) =>
      keys('create', '--name', `client${n}`, '--scope', 'read', '--connections', '*', '--file', file),
    ),
  );
  assert.deepEqual(
    made.map(({ code }) => code),
    Array(12).fill(0),
  );
  assert.equal(kept(file).length, 12);
});

test('a file that is wrong is not touched, and a link stays a link', async (t) => {
  const { folder, file, create } = open(t);
  writeFileSync(file, '{"keys":[{}]}');
  const refused = await create();
  assert.equal(refused.code, 1);
  assert.equal(readFileSync(file, 'utf8'), '{"keys":[{}]}');
  const link = join(folder, 'link.json');
  symlinkSync(join(folder, 'real.json'), link);
  writeFileSync(join(folder, 'real.json'), '{"keys":[]}');
  chmodSync(join(folder, 'real.json'), 0o644);
  assert.equal((await create('--file', link)).code, 0);
  assert.equal(kept(join(folder, 'real.json')).length, 1);
  assert.equal(statSync(link).mode & 0o777, 0o600);
});

test('what cannot be meant is refused with the rule, exit 2', async (t) => {
  const { file, keys } = open(t);
  const base = { name: 'a', scope: 'ingest', connections: 'hr1', file };
  const refused = async (over: Record<string, string | undefined>) => {
    const options = Object.entries({ ...base, ...over }).flatMap(([name, value]) =>
      value === undefined ? [] : [`--${name}`, value],
    );
    const { code, err } = await keys('create', ...options);
    assert.equal(code, 2, JSON.stringify(over));
    return err;
  };
  assert.match(await refused({ name: undefined }), /needs --name/);
  assert.match(await refused({ name: '\u0007bell' }), /--name must be/);
  assert.match(await refused({ scope: 'write' }), /ingest, read, operate/);
  assert.match(await refused({ scope: undefined }), /ingest, read, operate/);
  assert.match(await refused({ connections: 'a/b' }), /3 to 32 letters and digits/);
  assert.match(await refused({ connections: undefined }), /"\*" for all/);
  assert.match(await refused({ 'requests-per-second': '-1' }), /See|must be a number/);
  assert.match(await refused({ 'activities-per-second': '0' }), /from 0.01/);
  assert.match(await refused({ scop: 'ingest' }), /Did you mean --scope/);
  assert.equal((await keys()).code, 2);
  assert.equal((await keys('creat')).code, 2);
});

test('without --file it is the file the services read, else one in the data folder', async (t) => {
  const { folder, keys } = open(t, { SLUICE_API_KEYS_FILE: 'secrets/k.json' });
  const made = await keys('create', '--name', 'a', '--scope', 'ingest', '--connections', '*');
  assert.doesNotMatch(made.err, /SLUICE_API_KEYS_FILE=/);
  assert.equal(kept(join(folder, 'secrets/k.json')).length, 1);
  const other = open(t, { SLUICE_DATA_DIR: 'data' });
  await other.keys('create', '--name', 'a', '--scope', 'ingest', '--connections', '*');
  assert.equal(kept(join(other.folder, 'data/keys.json')).length, 1);
});
