/*
  Under `npm start` everything has its addresses in one file, and the emulator its credential: whoever asks the doctor in the
  same clone means that system, and need not repeat them. What is set in the environment beats all of it.
*/
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { isRunning } from '../launch/is-running.ts';
import { EMULATED_GRAPH } from '../start/make-service-env.ts';
import type { World } from '../world.ts';

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv;
  /** What was taken from a running `npm start`; null: nothing. */
  readonly taken: string | null;
}

/** Names that say which Graph is meant. */
const GRAPH_NAMES =
  /^(GRAPH|AZURE)_(TENANT_ID|CLIENT_|FEDERATED_TOKEN_FILE|MANAGED_IDENTITY|BASE_URL|TOKEN_URL)|^SLUICE_CONFIG$/;

export function findRunning({ env, cwd, root }: Pick<World, 'env' | 'cwd' | 'root'>): Surroundings {
  const dataDir = env['SLUICE_DATA_DIR'] ? resolve(cwd, env['SLUICE_DATA_DIR']) : join(root, '.sluice');
  const addresses = readAddresses(join(dataDir, 'addresses.json'));
  if (addresses === null) return { env, taken: null };
  const { emulator } = addresses;
  const ownGraph = Object.entries(env).some(([name, value]) => Boolean(value) && GRAPH_NAMES.test(name));
  const offered: Readonly<Record<string, unknown>> = {
    REDIS_URL: addresses['redis'],
    SLUICE_URL: addresses['intake'],
    SLUICE_CONSOLE_URL: addresses['console'],
    ...(typeof emulator === 'string' && !ownGraph && emulatedGraph(emulator)),
  };
  const used = Object.entries(offered).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string' && !env[entry[0]],
  );
  if (used.length === 0) return { env, taken: null };
  const graph = ownGraph || typeof emulator !== 'string' ? '' : '; its Graph is the emulator';
  return {
    env: { ...env, ...Object.fromEntries(used) },
    taken: `\`npm start\` is running here (${dataDir}), so its addresses are used${graph}.`,
  };
}

function emulatedGraph(url: string): Readonly<Record<string, string>> {
  const { GRAPH_TENANT_ID } = EMULATED_GRAPH;
  return { ...EMULATED_GRAPH, GRAPH_BASE_URL: url, GRAPH_TOKEN_URL: `${url}/${GRAPH_TENANT_ID}/oauth2/v2.0/token` };
}

function readAddresses(path: string): Readonly<Record<string, unknown>> | null {
  try {
    const addresses = JSON.parse(readFileSync(path, 'utf8')) as Readonly<Record<string, unknown>>;
    return isRunning(Number(addresses['pid'])) ? addresses : null;
  } catch {
    return null;
  }
}
