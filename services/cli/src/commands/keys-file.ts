import { join, resolve } from 'node:path';
import type { World } from '../world.ts';
import type { Words } from './read-options.ts';

/** Which file of keys is meant, and whether it is the one that services of this environment read. */
export function keysFileOf(words: Words, { env, cwd }: Pick<World, 'env' | 'cwd'>) {
  const given = words.text('file');
  const named = env['SLUICE_API_KEYS_FILE']?.trim();
  const inForce = named ? resolve(cwd, named) : null;
  const path =
    given === undefined
      ? (inForce ?? resolve(cwd, join(env['SLUICE_DATA_DIR']?.trim() || '.sluice', 'keys.json')))
      : resolve(cwd, given);
  return { path, inForce: path === inForce };
}
