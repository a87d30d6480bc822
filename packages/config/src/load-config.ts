/*
  Environment in, one frozen Config out, or one error that names every wrong setting. Nothing else in Sluice reads the
  environment, so a process that has started has a configuration that is right.
*/
import { readFileSync } from 'node:fs';
import type { Config, ConnectionConfig } from './config.ts';
import { type Environment, openEnvironment, type ReadFile, type Variables } from './environment.ts';
import { readGraph } from './graph-settings.ts';
import { refuseUnsupported, unknownNames } from './names.ts';
import type { Setting } from './setting.ts';
import { BASIC_SETTINGS, CONNECTION_SETTINGS, INTAKE_SETTINGS, SERVICE_SETTINGS } from './settings.ts';
import { isLoopback } from './urls.ts';

export interface Needs {
  /** This service calls Graph: a credential must be there. */
  readonly graph?: boolean;
  /** This service answers callers: it must not be open to a network without keys. */
  readonly callers?: boolean;
}

/** Wrong configuration. The message is for the operator, whole; `exitCode` is sysexits' EX_CONFIG. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly exitCode = 78;
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    const count = problems.length === 1 ? 'One setting is' : `${problems.length} settings are`;
    super(`${count} wrong:\n${problems.map((problem) => `  ${problem}`).join('\n')}`);
    this.problems = problems;
  }
}

export function loadConfig(
  variables: Variables,
  options: { readonly needs?: Needs; readonly readFile?: ReadFile } = {},
): { readonly config: Config; readonly warnings: readonly string[] } {
  const environment = openEnvironment(variables, options.readFile ?? ((path) => readFileSync(path, 'utf8')));
  const config = readConfig(environment, options.needs ?? {});
  refuseUnsupported(environment);
  if (environment.problems.length > 0) throw new ConfigError(environment.problems);
  return { config: deepFreeze(config), warnings: unknownNames(variables) };
}

function readConfig(environment: Environment, needs: Needs): Config {
  const { port, bind, host, ...service } = valuesOf(environment, SERVICE_SETTINGS);
  const listen = { bind: bind ?? host ?? '127.0.0.1', port };
  if (needs.callers === true && !isLoopback(listen.bind) && !service.allowAnonymous) {
    environment.refuse(
      bind === null ? 'HOST' : 'SLUICE_BIND',
      `is ${JSON.stringify(listen.bind)}: beyond this machine everybody could send and read activities, because no keys are set; ` +
        'use 127.0.0.1, or SLUICE_ALLOW_ANONYMOUS=1 if the network itself keeps strangers out',
    );
  }
  return {
    ...valuesOf(environment, BASIC_SETTINGS),
    graph: readGraph(environment, needs.graph ?? false),
    connection: readConnection(environment),
    ...valuesOf(environment, INTAKE_SETTINGS),
    listen,
    ...service,
  };
}

function readConnection(environment: Environment): ConnectionConfig {
  const { rateInitial, rateMax, probeBudget, quotaShare, ...rest } = valuesOf(environment, CONNECTION_SETTINGS);
  if (rest.leaseMs < rest.callTimeoutMs + 5000) {
    environment.refuse(
      CONNECTION_SETTINGS.leaseMs.name,
      `is ${rest.leaseMs} and SLUICE_CALL_TIMEOUT_MS is ${rest.callTimeoutMs}: the lease must be at least 5000 longer than the call`,
    );
  }
  if (rest.retryCapMs < rest.retryBaseMs) {
    environment.refuse(
      CONNECTION_SETTINGS.retryCapMs.name,
      `is ${rest.retryCapMs} and SLUICE_RETRY_BASE_MS is ${rest.retryBaseMs}: the cap must not be below the base`,
    );
  }
  return { ...rest, quota: { rateInitial, rateMax, probeBudget, share: quotaShare } };
}

type Values<S> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

function valuesOf<S extends Readonly<Record<string, Setting<unknown>>>>(
  environment: Environment,
  settings: S,
): Values<S> {
  const entries = Object.entries(settings).map(([key, setting]) => [key, environment.value(setting)]);
  return Object.fromEntries(entries) as Values<S>;
}

function deepFreeze<T extends object>(value: T): T {
  for (const member of Object.values(value)) {
    if (typeof member === 'object' && member !== null) deepFreeze(member);
  }
  return Object.freeze(value);
}
