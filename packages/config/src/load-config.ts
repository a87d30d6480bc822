/*
  Environment and configuration file in, one frozen Config out, or one error that names every wrong setting. Nothing else in
  Sluice reads them, so a process that has started has a configuration that is right.
*/
import { readFileSync } from 'node:fs';
import { ALERT_SETTINGS } from './alert-settings.ts';
import type { AlertConfig, Config, TenantConfig } from './config.ts';
import { EMPTY_FILE, readConfigFile } from './config-file.ts';
import { type Environment, openEnvironment, type ReadFile, type Variables } from './environment.ts';
import { GRAPH_SETTINGS } from './graph-settings.ts';
import { unknownNames } from './names.ts';
import { readAccess, readTls } from './read-access.ts';
import { readRedis } from './read-redis.ts';
import { readTenants } from './read-tenants.ts';
import { BASIC_SETTINGS, FILE_SETTINGS, INTAKE_SETTINGS, SERVICE_SETTINGS } from './settings.ts';
import { isLoopback, readWebhookUrl } from './urls.ts';
import { valuesOf } from './values-of.ts';

export interface Needs {
  /** This service calls Graph: a credential must be there. */
  readonly graph?: boolean;
  /** This service answers callers: it must not be open to a network without keys. */
  readonly callers?: boolean;
}

/** A long file may be wrong in every line. */
const PROBLEMS_SHOWN_MAX = 100;

/** Wrong configuration. The message is for the operator, whole; `exitCode` is sysexits' EX_CONFIG. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly exitCode = 78;
  readonly problems: readonly string[];
  /** Names that nothing reads: a slip in one may be why another is missing. */
  readonly warnings: readonly string[];

  constructor(problems: readonly string[], warnings: readonly string[] = []) {
    const count = problems.length === 1 ? 'One setting is' : `${problems.length} settings are`;
    const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map((problem) => `  ${problem}`);
    const more = problems.length - shown.length;
    const ignored = warnings.slice(0, PROBLEMS_SHOWN_MAX).map((warning) => `  ${warning}`);
    super([`${count} wrong:`, ...shown, ...(more > 0 ? [`  and ${more} more.`] : []), ...ignored].join('\n'));
    this.problems = problems;
    this.warnings = warnings;
  }
}

export function loadConfig(
  variables: Variables,
  options: { readonly needs?: Needs; readonly readFile?: ReadFile } = {},
): { readonly config: Config; readonly warnings: readonly string[] } {
  const readFile: ReadFile = options.readFile ?? ((path) => readFileSync(path, 'utf8'));
  const environment = openEnvironment(variables, readFile);
  const config = readConfig(environment, options.needs ?? {}, readFile);
  if (environment.problems.length > 0) throw new ConfigError(environment.problems, unknownNames(variables));
  return { config: deepFreeze(config), warnings: unknownNames(variables) };
}

function readConfig(environment: Environment, needs: Needs, readFile: ReadFile): Config {
  const { port, bind, host, ...service } = valuesOf(environment, SERVICE_SETTINGS);
  const listen = { bind: bind ?? host ?? '127.0.0.1', port };
  const callers = needs.callers ?? false;
  const access = readAccess(environment, callers);
  const tls = readTls(environment, callers);
  const anybody = access.keysFile === null && access.tokens === null;
  if (callers && anybody && !isLoopback(listen.bind) && !service.allowAnonymous) {
    environment.refuse(
      bind === null ? 'HOST' : 'SLUICE_BIND',
      `is ${JSON.stringify(listen.bind)}: beyond this machine everybody could send and read activities, because no keys are set; ` +
        'set SLUICE_API_KEYS_FILE (`sluice keys create` makes one) or the SLUICE_JWT_ settings, use 127.0.0.1, or set SLUICE_ALLOW_ANONYMOUS=1 if the network itself keeps strangers out',
    );
  }
  const { connections: _, ...basic } = valuesOf(environment, BASIC_SETTINGS);
  const path = environment.value(FILE_SETTINGS.configFile);
  const file = path === null ? EMPTY_FILE : readConfigFile(path, environment, readFile);
  // Of a file that cannot be read nothing is known: to say what else is missing would mislead.
  const tenants = file === null ? [] : readTenants(environment, file, needs.graph ?? false);
  checkConnectionCount(environment, tenants, basic.connectionsMax);
  return {
    ...basic,
    redis: readRedis(environment, readFile),
    tenants,
    outcomes: file?.outcomes ?? {},
    ...valuesOf(environment, INTAKE_SETTINGS),
    access,
    alerts: readAlerts(environment),
    tls,
    listen,
    ...service,
  };
}

function readAlerts(environment: Environment): AlertConfig {
  const allowInsecure = environment.value(GRAPH_SETTINGS.allowInsecure);
  const { alertWebhookUrl, alertAgeMs } = ALERT_SETTINGS;
  const webhookUrl = environment.value({
    ...alertWebhookUrl,
    read: (text) => readWebhookUrl(text, allowInsecure),
  });
  return { webhookUrl, ageMs: environment.value(alertAgeMs) };
}

function checkConnectionCount(environment: Environment, tenants: readonly TenantConfig[], max: number): void {
  const counts = tenants.map(({ connections }) => (connections === '*' ? 0 : Object.keys(connections).length));
  const count = counts.reduce((sum, one) => sum + one, 0);
  if (count <= max) return;
  environment.refuse(BASIC_SETTINGS.connectionsMax.name, `is ${max}, but ${count} connections are named: raise it`);
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
