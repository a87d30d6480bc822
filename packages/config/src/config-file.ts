/*
  The configuration file: YAML in, its parts out, each as what stands at which path. Names and types are checked here; what the
  values may be is the settings' own affair. All problems go to the environment.
*/
import { dirname, resolve } from 'node:path';
import { CONNECTION_ID, didYouMean, type OutcomeOverrides, RESERVED_CONNECTION_ID } from '@sluice/core';
import { parseDocument } from 'yaml';
import { type Environment, type Given, type ReadFile, readText, type Section, show } from './environment.ts';
import {
  CONNECTION_MEMBERS,
  type Member,
  type Members,
  OUTCOME_CODE,
  OUTCOMES,
  OUTCOMES_MAX,
  TENANT_MEMBERS,
  TENANT_NAME,
  TENANTS_MAX,
} from './file-members.ts';

export interface ConfigFile {
  readonly tenants: readonly TenantSection[];
  readonly defaults: Section;
  readonly outcomes: OutcomeOverrides;
}

export interface TenantSection {
  readonly name: string;
  /** Where it stands, for messages. */
  readonly path: string;
  readonly members: Section;
  /** Null: it says nothing, or `*`. */
  readonly connections: readonly ConnectionSection[] | null;
}

export interface ConnectionSection {
  readonly id: string;
  readonly path: string;
  /** Null: the same as Sluice's. */
  readonly graphId: string | null;
  readonly members: Section;
}

export const EMPTY_FILE: ConfigFile = { tenants: [], defaults: new Map(), outcomes: {} };
const FILE_LENGTH_MAX = 4 * 1024 * 1024;

/** Null: it could not be read at all. */
export function readConfigFile(path: string, environment: Environment, readFile: ReadFile): ConfigFile | null {
  const refuse = (problem: string) => {
    environment.refuse('SLUICE_CONFIG', `is ${show(path)}: ${problem}`);
    return null;
  };
  const read = readText(path, readFile);
  if ('problem' in read) return refuse(read.problem);
  if (read.text.length > FILE_LENGTH_MAX) return refuse(`the file is longer than ${FILE_LENGTH_MAX} characters`);
  const parsed = parseYaml(read.text);
  if ('problem' in parsed) return refuse(parsed.problem);
  const reader = new FileReader(environment, dirname(path));
  return reader.file(parsed.value);
}

function parseYaml(text: string): { readonly value: unknown } | { readonly problem: string } {
  const document = parseDocument(text, { logLevel: 'error' });
  const [error] = document.errors;
  if (error !== undefined) return { problem: `it is not YAML: ${error.message.split('\n')[0]?.replace(/:$/, '')}` };
  try {
    return { value: document.toJS() };
  } catch (thrown) {
    return { problem: `it is not YAML: ${thrown instanceof Error ? thrown.message : 'it cannot be read'}` };
  }
}

type Entries = readonly (readonly [key: string, value: unknown])[];

/** Goes through the file once; knows where it is, and where problems go. */
class FileReader {
  readonly #environment: Environment;
  readonly #folder: string;

  constructor(environment: Environment, folder: string) {
    this.#environment = environment;
    this.#folder = folder;
  }

  file(value: unknown): ConfigFile {
    const top = new Map(this.#entries(value, '', 'tenants, defaults, outcomes'));
    for (const key of top.keys()) this.#checkName(key, key, ['tenants', 'defaults', 'outcomes']);
    const tenants = this.#entries(top.get('tenants'), 'tenants', 'tenants by name').map((entry) =>
      this.#tenant(...entry),
    );
    if (tenants.length > TENANTS_MAX) this.#refuse('tenants', `has ${tenants.length} members: at most ${TENANTS_MAX}`);
    return {
      tenants,
      defaults: this.#section(
        this.#entries(top.get('defaults'), 'defaults', 'settings'),
        'defaults',
        CONNECTION_MEMBERS,
      ),
      outcomes: this.#outcomes(this.#entries(top.get('outcomes'), 'outcomes', 'codes with retry, dead or hold')),
    };
  }

  #tenant(name: string, value: unknown): TenantSection {
    const path = `tenants.${name}`;
    if (!TENANT_NAME.test(name)) {
      this.#refuse(
        path.slice(0, 100),
        'has a name that is none: 1 to 64 letters, digits, - and _, a letter or digit first',
      );
    }
    const entries = this.#entries(value, path, 'the members of a tenant');
    const connections = entries.find(([key]) => key === 'connections')?.[1];
    const members = entries.filter(([key]) => key !== 'connections');
    return {
      name,
      path: place(path),
      members: this.#section(members, path, TENANT_MEMBERS, ['connections']),
      connections: this.#connections(connections, `${path}.connections`),
    };
  }

  #connections(value: unknown, path: string): readonly ConnectionSection[] | null {
    if (value === undefined || value === '*') return null;
    const entries = this.#entries(value, path, 'connections by name, or *');
    if (value !== null && entries.length === 0) this.#refuse(path, 'names no connection');
    return entries.map(([id, members]) => this.#connection(id, members, `${path}.${id}`));
  }

  #connection(id: string, value: unknown, path: string): ConnectionSection {
    if (!CONNECTION_ID.test(id)) this.#refuse(path.slice(0, 200), 'is not a connection id: 3 to 32 letters and digits');
    const entries = this.#entries(value, path, 'the settings of a connection');
    const graphId = entries.find(([key]) => key === 'graphId')?.[1] ?? null;
    const valid = typeof graphId === 'string' && CONNECTION_ID.test(graphId);
    if (graphId !== null && !valid) {
      this.#refuse(
        `${path}.graphId`,
        `is ${show(graphId)}: must be Graph's id of the connection, 3 to 32 letters and digits`,
      );
    }
    if (RESERVED_CONNECTION_ID.test(valid ? graphId : id)) {
      const fix = valid ? '' : ': if it is called otherwise there, give that as graphId';
      this.#refuse(valid ? `${path}.graphId` : path.slice(0, 200), `is an id that Graph gives no connection${fix}`);
    }
    const members = entries.filter(([key]) => key !== 'graphId');
    const section = this.#section(members, path, CONNECTION_MEMBERS, ['graphId']);
    return { id, path: place(path), graphId: valid ? graphId : null, members: section };
  }

  #section(entries: Entries, path: string, members: Members, others: readonly string[] = []): Section {
    const section = new Map<string, Given>();
    for (const [key, value] of entries) {
      const where = `${path}.${key}`;
      if (!this.#checkName(key, where, [...Object.keys(members), ...others])) continue;
      const member = members[key];
      if (member === undefined) continue;
      const text = textOf(value, member);
      if (text === null) this.#refuse(where, `is ${show(value)}: ${member.rule}`);
      else section.set(member.name, { text: member.path ? resolve(this.#folder, text) : text, where: place(where) });
    }
    return section;
  }

  #outcomes(entries: Entries): OutcomeOverrides {
    if (entries.length > OUTCOMES_MAX)
      this.#refuse('outcomes', `has ${entries.length} members: at most ${OUTCOMES_MAX}`);
    const known = new Map<string, string>();
    const outcomes: [string, (typeof OUTCOMES)[number]][] = [];
    for (const [code, value] of entries) {
      const where = `outcomes.${code.slice(0, 128)}`;
      const outcome = OUTCOMES.find((one) => one === value);
      const twin = known.get(code.toLowerCase());
      known.set(code.toLowerCase(), code);
      if (!OUTCOME_CODE.test(code)) this.#refuse(where, 'is not a code: 1 to 128 characters');
      else if (outcome === undefined) this.#refuse(where, `is ${show(value)}: must be one of ${OUTCOMES.join(', ')}`);
      else if (twin !== undefined)
        this.#refuse(where, `and outcomes.${twin} are the same code, for letter case does not count`);
      else outcomes.push([code, outcome]);
    }
    return Object.fromEntries(outcomes);
  }

  /** Of a map; nothing given counts as an empty one. */
  #entries(value: unknown, path: string, wanted: string): Entries {
    if (value === undefined || value === null) return [];
    if (typeof value === 'object' && !Array.isArray(value)) return Object.entries(value);
    this.#refuse(path, `is ${show(value)}: must be a map of ${wanted}`);
    return [];
  }

  #checkName(key: string, where: string, known: readonly string[]): boolean {
    if (known.includes(key)) return true;
    const meant = didYouMean(key, known);
    const hint =
      key === 'clientSecret'
        ? '; no secret belongs in this file, clientSecretFile names a file that holds it'
        : meant === null
          ? `; known are ${known.join(', ')}`
          : ` (did you mean "${meant}"?)`;
    this.#refuse(where.slice(0, 200), `is not known${hint}`);
    return false;
  }

  #refuse(path: string, problem: string): void {
    this.#environment.refuse(place(path), problem);
  }
}

/** A path in the file as messages name it. */
function place(path: string): string {
  return path === '' ? 'SLUICE_CONFIG:' : `SLUICE_CONFIG: ${path}`;
}

/** The value as a variable would hold it; null: it is of another type. */
function textOf(value: unknown, { domain }: Member): string | null {
  if (typeof value === 'number') return domain.numbers === null ? null : digitsOf(value);
  if (typeof value !== 'string' || domain.words === null || value.trim() === '') return null;
  return domain.words instanceof RegExp || domain.numbers === null || domain.words.includes(value)
    ? value.trim()
    : null;
}

/** Without an exponent, and no finer than a variable may say it. */
function digitsOf(value: number): string {
  return Number.isInteger(value) ? String(value) : value.toFixed(9).replace(/\.?0+$/, '');
}
