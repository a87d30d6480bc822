import type { Environment } from './environment.ts';
import type { Setting } from './setting.ts';

export type Values<S> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

/** The values in force of a part of the table, under its keys. */
export function valuesOf<S extends Readonly<Record<string, Setting<unknown>>>>(
  environment: Environment,
  settings: S,
): Values<S> {
  const entries = Object.entries(settings).map(([key, setting]) => [key, environment.value(setting)]);
  return Object.fromEntries(entries) as Values<S>;
}
