/* The order of the doctor's looks: what others depend on comes first, so that the first failure is the one to mend first. */
import { type Config, ConfigError, connectionSettings, loadConfig } from '@sluice/config';
import type { WorkerBeats } from '@sluice/core';
import { type GraphCheckupOptions, openGraphCheckup } from '@sluice/graph';
import { openRedisCheckup } from '@sluice/store';
import type { Console } from '../commands/ask-console.ts';
import type { Intake } from '../commands/ask-intake.ts';
import { CommandFailed } from '../commands/command-failed.ts';
import { checkInGraph, findKnown, type KnownConnection } from './check-connections.ts';
import { checkCredential } from './check-credential.ts';
import { findRedis, findWorkers } from './check-redis.ts';
import { checkService, type ServiceAnswer } from './check-service.ts';
import { type Finding, findingsOf } from './finding.ts';

export interface ExamineParts {
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  /** Null: all. */
  readonly connection: string | null;
  readonly intake: Intake;
  readonly console: Console;
  readonly consoleUrl: string;
  readonly ask: (
    service: 'intake' | 'console',
    url: string,
    headers: Readonly<Record<string, string>>,
  ) => Promise<ServiceAnswer>;
  readonly nowMs: () => number;
  readonly tell: (finding: Finding) => void;
}

/** What a delivery needs to know beside. */
export interface Examined {
  /** The application's own object in its tenant, if its token says so. */
  readonly objectId: string | null;
}

export async function examine(parts: ExamineParts): Promise<Examined> {
  const { tell, connection } = parts;
  const config = readSettings(parts);
  if (config !== null && connection !== null) tell(findNamed(config, connection));
  const known = await readKnown(parts);
  let objectId: string | null = null;
  for (const tenant of config?.tenants ?? []) {
    if (tenant.graph === null || !isMeant(config!, tenant.name, connection)) continue;
    const { graph } = tenant;
    const options: GraphCheckupOptions = {
      graph,
      allowInsecure: graph.allowInsecure,
      claimsChallenges: graph.claimsChallenges,
    };
    const checkup = openGraphCheckup(options);
    try {
      const { token, graphTaken } = await checkCredential({ tenant, checkup, nowMs: parts.nowMs, tell });
      objectId = token?.claims?.objectId ?? objectId;
      if (token !== null && graphTaken) {
        const ids = connection === null ? (known ?? []).map(({ connectionId }) => connectionId) : [connection];
        const named = tenant.connections === '*' ? ids : connection === null ? [] : [connection];
        await checkInGraph({ tenant, checkup, roles: token.claims?.roles ?? [], connectionIds: named, tell });
      }
    } finally {
      await checkup.close();
    }
  }
  for (const finding of findKnown(known, connection)) tell(finding);
  if (config !== null) await checkStore(config, parts);
  await checkServices(parts);
  return { objectId };
}

/** As a worker reads them, which need not know who may ask an intake. With what is known without a credential, when that alone is missing. */
function readSettings({ env, tell }: ExamineParts): Config | null {
  const { ok, warn, fail } = findingsOf('settings');
  const remedy =
    'Correct it, then `sluice config check` reads all settings again; docs/configuration.md has every one.';
  try {
    const { config, warnings } = loadConfig(env, { needs: { graph: true } });
    for (const warning of warnings) tell(warn(warning));
    tell(ok(describe(config)));
    return config;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) tell(fail(problem, remedy));
  }
  try {
    return loadConfig(env).config;
  } catch {
    return null;
  }
}

function describe({ tenants }: Config): string {
  const each = tenants.map(({ name, graph, connections }) => {
    const named = connections === '*' ? 'every connection' : Object.keys(connections).slice(0, 10).join(', ');
    return `tenant ${name} (cloud ${graph?.cloud ?? 'none'}; ${named})`;
  });
  return `The settings are right: ${each.slice(0, 20).join('; ')}.`;
}

function findNamed(config: Config, connection: string): Finding {
  const { ok, fail } = findingsOf('settings', { connection });
  const inForce = connectionSettings(config, connection);
  if (inForce !== null) return ok(`Connection ${connection} belongs to tenant ${inForce.tenant.name}.`);
  const names = config.tenants.flatMap(({ connections }) => (connections === '*' ? [] : Object.keys(connections)));
  return fail(
    `Connection ${connection} is none of this configuration; there ${names.length === 1 ? 'is' : 'are'} ${names.slice(0, 20).join(', ')}.`,
    'Add it to SLUICE_CONNECTIONS or to a tenant of the configuration file, or correct its name: letters count as they are written.',
  );
}

function isMeant(config: Config, tenant: string, connection: string | null): boolean {
  return connection === null || (connectionSettings(config, connection)?.tenant.name ?? tenant) === tenant;
}

async function checkStore(config: Config, { tell, version }: ExamineParts): Promise<void> {
  // Not as a service opens it: that would settle in how many shards things lie, and a look changes nothing.
  const checkup = openRedisCheckup(config.redis);
  try {
    const look = await checkup.look();
    for (const finding of findRedis(look, config, withoutLogin(config.redis.url))) tell(finding);
    if (look.kind === 'away') {
      tell(findingsOf('workers').skipped('Whether workers are there cannot be seen without Redis.'));
    } else for (const finding of findWorkers(await seenWorkers(checkup), version)) tell(finding);
  } catch (error) {
    const { warn } = findingsOf('workers');
    tell(warn(`Whether workers are there could not be read from Redis: ${(error as Error).message}.`));
  } finally {
    checkup.close();
  }
}

const WORKERS_MS_MAX = 5000;

async function seenWorkers(store: Pick<WorkerBeats, 'workers'>): ReturnType<WorkerBeats['workers']> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new Error(`no answer within ${WORKERS_MS_MAX} ms`)), WORKERS_MS_MAX);
  return Promise.race([store.workers(), late.promise]).finally(() => clearTimeout(timer));
}

async function checkServices({ intake, consoleUrl, ask, version, tell }: ExamineParts): Promise<void> {
  const { apiKey } = intake;
  const services = [
    { area: 'intake', url: intake.url, setting: 'SLUICE_URL' },
    { area: 'console', url: consoleUrl, setting: 'SLUICE_CONSOLE_URL' },
  ] as const;
  for (const service of services) {
    const asked = {
      ...service,
      apiKey,
      version,
      ask: (url: string, headers: Readonly<Record<string, string>>) => ask(service.area, url, headers),
    };
    for (const finding of await checkService(asked)) tell(finding);
  }
}

/** Null: the console does not answer; why, its own lines say. */
async function readKnown({ console }: ExamineParts): Promise<readonly KnownConnection[] | null> {
  try {
    const { connections } = await console.get('/api/v1/connections');
    return Array.isArray(connections) ? connections : [];
  } catch (error) {
    if (error instanceof CommandFailed) return null;
    throw error;
  }
}

function withoutLogin(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//');
}
