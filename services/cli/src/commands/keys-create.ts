/* sluice keys create: the key alone on stdout, so that it can be piped to where secrets live; all else on stderr. */
import { changeKeyFile, drawKey } from '@sluice/access';
import {
  addKey,
  CLIENT_NAME,
  CLIENT_NAME_RULE,
  CONNECTION_ID,
  KEY_CONNECTIONS_MAX,
  KEY_RATE_MAX,
  KEY_RATE_MIN,
  SCOPES,
  type Scope,
  type StoredKey,
} from '@sluice/core';
import { EXIT_FAILED, type World } from '../world.ts';
import { CommandFailed } from './command-failed.ts';
import { keysFileOf } from './keys-file.ts';
import { readOptions, refuseUsage, type Words } from './read-options.ts';

const COMMAND = 'keys';

export async function createKey(args: readonly string[], world: World): Promise<number> {
  const words = readOptions(COMMAND, args, {
    name: { type: 'string' },
    scope: { type: 'string' },
    connections: { type: 'string' },
    'requests-per-second': { type: 'string' },
    'activities-per-second': { type: 'string' },
    'no-receipts': { type: 'boolean' },
    file: { type: 'string' },
    json: { type: 'boolean' },
  });
  if (words.operands.length > 0) throw refuseUsage('keys create takes options only; quote "*".', COMMAND);
  const { key, ...drawn } = drawKey();
  const stored: StoredKey = {
    ...drawn,
    name: readName(words),
    scopes: readScopes(words),
    connections: readConnections(words),
    requestsPerSecond: readRate(words, 'requests-per-second'),
    activitiesPerSecond: readRate(words, 'activities-per-second'),
    receipts: !words.flag('no-receipts'),
    createdAt: new Date().toISOString(),
  };
  const { path, inForce } = keysFileOf(words, world);
  const changed = await changeKeyFile({ path, change: (keys) => addKey(keys, stored) });
  if (!changed.ok) throw new CommandFailed(`No key was made: ${changed.problem}.`, EXIT_FAILED);
  const { sha256: _, ...shown } = stored;
  world.out.write(words.flag('json') ? `${JSON.stringify({ key, ...shown, file: path })}\n` : `${key}\n`);
  world.err.write(`This key of ${stored.name} is shown once. Its hash is in ${path}.\n`);
  if (!inForce)
    world.err.write(`It counts where SLUICE_API_KEYS_FILE=${path} is set for the intake and the console.\n`);
  return 0;
}

function readName(words: Words): string {
  const name = words.text('name');
  if (name === undefined) throw refuseUsage('keys create needs --name: the client it is for.', COMMAND);
  if (!CLIENT_NAME.test(name)) throw refuseUsage(`--name ${CLIENT_NAME_RULE}.`, COMMAND);
  return name;
}

function readScopes(words: Words): readonly Scope[] {
  const given = listOf(words.text('scope'));
  const unknown = given.find((scope) => !(SCOPES as readonly string[]).includes(scope));
  if (given.length === 0 || unknown !== undefined) {
    throw refuseUsage(`--scope must be one or more of ${SCOPES.join(', ')}, separated by commas.`, COMMAND);
  }
  return SCOPES.filter((scope) => given.includes(scope));
}

function readConnections(words: Words): '*' | readonly string[] {
  const text = words.text('connections');
  if (text?.trim() === '*') return '*';
  const given = listOf(text);
  const wrong = given.find((id) => !CONNECTION_ID.test(id));
  if (given.length === 0 || given.length > KEY_CONNECTIONS_MAX || wrong !== undefined) {
    const rule = 'connection ids separated by commas, each 3 to 32 letters and digits, or "*" for all';
    throw refuseUsage(`--connections must be ${rule}.`, COMMAND);
  }
  return given;
}

function readRate(words: Words, name: string): number | null {
  const text = words.text(name);
  if (text === undefined) return null;
  const rate = /^\d{1,7}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  if (!(rate >= KEY_RATE_MIN && rate <= KEY_RATE_MAX)) {
    throw refuseUsage(`--${name} must be a number from ${KEY_RATE_MIN} to ${KEY_RATE_MAX}.`, COMMAND);
  }
  return rate;
}

function listOf(text: string | undefined): readonly string[] {
  return [...new Set((text ?? '').split(',').map((part) => part.trim()))].filter((part) => part !== '');
}
