/* sluice keys list and sluice keys revoke. */
import { changeKeyFile, readKeyFile } from '@sluice/access';
import { revokeKeys } from '@sluice/core';
import { EXIT_FAILED, type World } from '../world.ts';
import { CommandFailed } from './command-failed.ts';
import { formatTable } from './format-table.ts';
import { keysFileOf } from './keys-file.ts';
import { readOptions, refuseUsage } from './read-options.ts';

const COMMAND = 'keys';
const HEAD = ['ID', 'CLIENT', 'SCOPES', 'CONNECTIONS', 'REQUESTS/S', 'ACTIVITIES/S', 'CREATED'];

export async function listKeys(args: readonly string[], world: World): Promise<number> {
  const words = readOptions(COMMAND, args, { file: { type: 'string' }, json: { type: 'boolean' } });
  if (words.operands.length > 0) throw refuseUsage('keys list takes no operands.', COMMAND);
  const { path } = keysFileOf(words, world);
  const read = await readKeyFile(path);
  if (!read.ok) throw new CommandFailed(`${read.problem}.`, EXIT_FAILED);
  const shown = read.keys.map(({ sha256: _, ...key }) => key);
  if (words.flag('json')) {
    world.out.write(`${JSON.stringify({ keys: shown })}\n`);
    return 0;
  }
  const rows = shown.map((key) => [
    key.id,
    key.name,
    key.scopes.join(','),
    key.connections === '*' ? '*' : key.connections.join(','),
    String(key.requestsPerSecond ?? '-'),
    String(key.activitiesPerSecond ?? '-'),
    key.createdAt ?? '-',
  ]);
  world.out.write(rows.length === 0 ? `There are no keys in ${path}: nobody may ask.\n` : formatTable(HEAD, rows));
  return 0;
}

export async function revokeKey(args: readonly string[], world: World): Promise<number> {
  const words = readOptions(COMMAND, args, {
    file: { type: 'string' },
    all: { type: 'boolean' },
    json: { type: 'boolean' },
    name: { type: 'string' },
  });
  const [who, ...others] = [...words.operands, ...(words.text('name') === undefined ? [] : [words.text('name')!])];
  if (who === undefined || others.length > 0) throw refuseUsage('keys revoke takes one key id or client.', COMMAND);
  const { path } = keysFileOf(words, world);
  const changed = await changeKeyFile({ path, change: (keys) => revokeKeys(keys, who, words.flag('all')) });
  if (!changed.ok) throw new CommandFailed(`No key was revoked: ${changed.problem}.`, EXIT_FAILED);
  const revoked = changed.changed.map(({ id, name }) => ({ id, name }));
  const text = revoked.map(({ id, name }) => `Revoked ${id} of ${name}. Services refuse it within seconds.`).join('\n');
  world.out.write(`${words.flag('json') ? JSON.stringify({ revoked, file: path }) : text}\n`);
  return 0;
}
