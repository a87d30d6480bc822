/*
  Reads single settings and collects what is wrong with them, so that one start shows every problem. A setting is looked for
  among the variables first and then in the parts of the configuration file that apply: a variable beats the file.
*/
import type { Setting } from './setting.ts';

/** A text, and what to call its place in a message: a variable, or a path in the file. */
export interface Given {
  readonly text: string;
  readonly where: string;
}

/** What a part of the configuration file gives, by the name of the variable that would beat it. */
export type Section = ReadonlyMap<string, Given>;

export interface Environment {
  /** It is given, plainly or by its file. */
  has(setting: Setting<unknown>): boolean;
  /** The value in force; a problem is collected, and the fallback stands in. */
  value<T>(setting: Setting<T>): T;
  /** Like value, but a wrong value is no problem: it counts as unset. */
  peek<T>(setting: Setting<T>): T;
  /** What is given under a name; undefined when unset or empty. */
  given(name: string): Given | undefined;
  /** The content of the file that is named under this name; a problem is collected, and null stands in. */
  content(name: string): string | null;
  /** It is set as a variable. */
  isVariable(name: string): boolean;
  /** Collects a problem: its place and what is wrong there. */
  refuse(where: string, problem: string): void;
  /** This one, and where no variable is set, first what the section gives. Variables in `but` are not looked at. */
  under(section: Section, but?: ReadonlySet<string>): Environment;
  readonly problems: readonly string[];
}

export type Variables = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;

const SHOWN_MAX = 100;

/** A value as messages show it. */
export function show(value: unknown): string {
  return (JSON.stringify(value) ?? 'nothing').slice(0, SHOWN_MAX);
}

export function openEnvironment(variables: Variables, readFile: ReadFile): Environment {
  return open({ variables, readFile, sections: [], but: new Set(), problems: new Set() });
}

interface Parts {
  readonly variables: Variables;
  readonly readFile: ReadFile;
  /** The nearest first. */
  readonly sections: readonly Section[];
  readonly but: ReadonlySet<string>;
  readonly problems: Set<string>;
}

function open(parts: Parts): Environment {
  const { problems, sections } = parts;
  const refuse = (where: string, problem: string) => {
    problems.add(`${where} ${problem}.`);
  };
  const variable = (name: string) => {
    const text = parts.but.has(name) ? undefined : parts.variables[name]?.trim();
    return text === undefined || text === '' ? undefined : { text, where: name };
  };
  const given = (name: string) => variable(name) ?? sections.find((section) => section.has(name))?.get(name);

  function content(name: string): string | null {
    const file = given(name);
    if (file === undefined) return null;
    const read = readText(file.text, parts.readFile);
    if ('text' in read) return read.text;
    refuse(file.where, `is ${show(file.text)}: ${read.problem}`);
    return null;
  }

  function source(setting: Setting<unknown>): Given | undefined {
    const plain = given(setting.name);
    const fileName = `${setting.name}_FILE`;
    const file = setting.secret ? given(fileName) : undefined;
    if (file === undefined) return plain;
    if (plain !== undefined) {
      refuse(plain.where, `and ${file.where} are both set: keep one of them`);
      return undefined;
    }
    const text = content(fileName);
    return text === null ? undefined : { text, where: setting.name };
  }

  function value<T>(setting: Setting<T>): T {
    const found = source(setting);
    if (found === undefined) return setting.fallback;
    const read = setting.read(found.text);
    if (read.ok) return read.value;
    const shown = setting.secret ? 'has a value that is not shown here' : `is ${show(found.text)}`;
    refuse(found.where, `${shown}: ${[setting.rule, read.problem].filter((part) => part !== null).join('; ')}`);
    return setting.fallback;
  }

  return {
    has: (setting) =>
      given(setting.name) !== undefined || (setting.secret && given(`${setting.name}_FILE`) !== undefined),
    value,
    peek: (setting) => {
      const found = given(setting.name);
      const read = found === undefined ? undefined : setting.read(found.text);
      return read?.ok ? read.value : setting.fallback;
    },
    given,
    content,
    isVariable: (name) => variable(name) !== undefined,
    refuse,
    under: (section, but = parts.but) => open({ ...parts, sections: [section, ...sections], but }),
    get problems() {
      return [...problems];
    },
  };
}

/** The content of a file without white space around it, or why there is none. */
export function readText(path: string, readFile: ReadFile): { readonly text: string } | { readonly problem: string } {
  try {
    const text = readFile(path).trim();
    return text === '' ? { problem: 'the file is empty' } : { text };
  } catch (error) {
    const code: unknown = error instanceof Error && 'code' in error ? error.code : undefined;
    return { problem: `the file cannot be read (${typeof code === 'string' ? code : 'unknown cause'})` };
  }
}
