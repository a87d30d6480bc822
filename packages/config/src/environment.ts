/* Reads single variables and collects what is wrong with them, so that one start shows every problem. */
import type { Setting } from './setting.ts';

export interface Environment {
  /** The variable is set and not empty, plainly or by its file. */
  has(setting: Setting<unknown>): boolean;
  /** The value in force; a problem is collected, and the fallback stands in. */
  value<T>(setting: Setting<T>): T;
  /** Like value, but a wrong value is no problem: it counts as unset. */
  peek<T>(setting: Setting<T>): T;
  /** The text of any variable; undefined when unset or empty. */
  text(name: string): string | undefined;
  /** Collects a problem: `name` and what is wrong with it. */
  refuse(name: string, problem: string): void;
  readonly problems: readonly string[];
}

export type Variables = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;

const SHOWN_MAX = 100;

export function openEnvironment(variables: Variables, readFile: ReadFile): Environment {
  const problems = new Set<string>();
  const text = (name: string) => {
    const value = variables[name]?.trim();
    return value === '' ? undefined : value;
  };
  const refuse = (name: string, problem: string) => {
    problems.add(`${name} ${problem}.`);
  };

  function source(setting: Setting<unknown>): string | undefined {
    const plain = text(setting.name);
    const path = setting.secret ? text(`${setting.name}_FILE`) : undefined;
    if (path === undefined) return plain;
    if (plain !== undefined) {
      refuse(setting.name, `and ${setting.name}_FILE are both set: keep one of them`);
      return undefined;
    }
    return secretIn(setting.name, path);
  }

  function secretIn(name: string, path: string): string | undefined {
    const shown = JSON.stringify(path.slice(0, SHOWN_MAX));
    try {
      const secret = readFile(path).trim();
      if (secret !== '') return secret;
      refuse(`${name}_FILE`, `is ${shown}: the file is empty`);
    } catch (error) {
      const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
      refuse(
        `${name}_FILE`,
        `is ${shown}: the file cannot be read (${typeof code === 'string' ? code : 'unknown cause'})`,
      );
    }
    return undefined;
  }

  function value<T>(setting: Setting<T>): T {
    const given = source(setting);
    if (given === undefined) return setting.fallback;
    const read = setting.read(given);
    if (read.ok) return read.value;
    const shown = setting.secret
      ? 'has a value that is not shown here'
      : `is ${JSON.stringify(given.slice(0, SHOWN_MAX))}`;
    refuse(setting.name, `${shown}: ${[setting.rule, read.problem].filter((part) => part !== null).join('; ')}`);
    return setting.fallback;
  }

  return {
    has: (setting) =>
      text(setting.name) !== undefined || (setting.secret && text(`${setting.name}_FILE`) !== undefined),
    value,
    peek: (setting) => {
      const given = text(setting.name);
      const read = given === undefined ? undefined : setting.read(given);
      return read?.ok ? read.value : setting.fallback;
    },
    text,
    refuse,
    get problems() {
      return [...problems];
    },
  };
}
