/*
  accept: what a file of keys may hold. It is strict, because a slip of the pen in it opens or closes a door: an unknown
  member is refused, and so is a third live key of one client. Keys themselves are never in it, only their SHA-256.
*/
import { CONNECTION_ID } from '../limits.ts';
import { KEY_ID } from './api-key.ts';
import { SCOPES, type Scope } from './caller.ts';

export interface StoredKey {
  readonly id: string;
  /** The client it was given to. */
  readonly name: string;
  /** Of the whole key, 64 hexadecimal digits. */
  readonly sha256: string;
  readonly scopes: readonly Scope[];
  readonly connections: '*' | readonly string[];
  readonly requestsPerSecond: number | null;
  readonly activitiesPerSecond: number | null;
  /** False: requests with this key get no receipt. */
  readonly receipts: boolean;
  /** For people. */
  readonly createdAt: string | null;
}

export type CheckedKeys =
  | { readonly ok: true; readonly keys: readonly StoredKey[] }
  | { readonly ok: false; readonly problem: string };

/** Two, so that a client goes from one to the next without a gap. */
export const KEYS_PER_CLIENT_MAX = 2;
export const KEYS_MAX = 10_000;
export const KEY_CONNECTIONS_MAX = 1000;
export const KEY_RATE_MIN = 0.01;
export const KEY_RATE_MAX = 1_000_000;
/** Letters, digits and a few signs: it stands in logs, tables and command lines. */
export const CLIENT_NAME = /^[A-Za-z0-9][A-Za-z0-9 ._@+-]{0,63}$/;

const MEMBERS = [
  'id',
  'name',
  'sha256',
  'scopes',
  'connections',
  'requestsPerSecond',
  'activitiesPerSecond',
  'receipts',
  'createdAt',
];

/** The text of the file. */
export function checkKeyFile(text: string): CheckedKeys {
  const file = parse(text);
  if (!isObject(file)) return refuse('it must be a JSON object: {"keys":[...]}');
  const stranger = Object.keys(file).find((name) => name !== 'keys');
  if (stranger !== undefined) return refuse(`${shown(stranger)} is not known; the only member is "keys"`);
  const { keys } = file;
  if (!Array.isArray(keys)) return refuse('"keys" must be a list');
  if (keys.length > KEYS_MAX) return refuse(`it has ${keys.length} keys; at most ${KEYS_MAX}`);
  const checked: StoredKey[] = [];
  for (const [at, value] of keys.entries()) {
    const key = checkKey(value);
    if (typeof key === 'string') return refuse(`keys/${at}: ${key}`);
    checked.push(key);
  }
  const problem = checkTogether(checked);
  return problem === null ? { ok: true, keys: checked } : refuse(problem);
}

/** What is wrong with keys that are each right alone; null: nothing. */
export function checkTogether(keys: readonly StoredKey[]): string | null {
  const ids = new Set<string>();
  const ofClient = new Map<string, number>();
  for (const { id, name } of keys) {
    if (ids.has(id)) return `the id ${id} is there twice`;
    ids.add(id);
    const count = (ofClient.get(name) ?? 0) + 1;
    if (count > KEYS_PER_CLIENT_MAX)
      return `${shown(name)} has more than ${KEYS_PER_CLIENT_MAX} keys; revoke one of them`;
    ofClient.set(name, count);
  }
  return keys.length > KEYS_MAX ? `there are more than ${KEYS_MAX} keys` : null;
}

/** The key, or what is wrong with it. */
function checkKey(value: unknown): StoredKey | string {
  if (!isObject(value)) return 'it must be an object';
  const stranger = Object.keys(value).find((name) => !MEMBERS.includes(name));
  if (stranger !== undefined) return `${shown(stranger)} is not known; ${MEMBERS.join(', ')} are`;
  const {
    id,
    name,
    sha256,
    createdAt = null,
    requestsPerSecond = null,
    activitiesPerSecond = null,
    receipts = true,
  } = value;
  if (typeof id !== 'string' || !KEY_ID.test(id)) return '"id" must be 12 letters and digits';
  if (typeof name !== 'string' || !CLIENT_NAME.test(name)) return `"name" ${CLIENT_NAME_RULE}`;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256)) return '"sha256" must be 64 hexadecimal digits';
  const scopes = checkScopes(value['scopes']);
  if (typeof scopes === 'string') return scopes;
  const connections = checkConnections(value['connections']);
  if (!Array.isArray(connections) && connections !== '*') return CONNECTIONS_RULE;
  if (!isRate(requestsPerSecond)) return `"requestsPerSecond" ${RATE_RULE}`;
  if (!isRate(activitiesPerSecond)) return `"activitiesPerSecond" ${RATE_RULE}`;
  if (typeof receipts !== 'boolean') return '"receipts" must be true or false';
  if (createdAt !== null && (typeof createdAt !== 'string' || createdAt.length > 40))
    return '"createdAt" must be a time';
  return { id, name, sha256, scopes, connections, requestsPerSecond, activitiesPerSecond, receipts, createdAt };
}

export const CLIENT_NAME_RULE =
  'must be 1 to 64 letters, digits, spaces and . _ @ + -, and begin with a letter or a digit';
const CONNECTIONS_RULE = '"connections" must be "*" or a list of connection ids, each 3 to 32 letters and digits';
const RATE_RULE = `must be a number from ${KEY_RATE_MIN} to ${KEY_RATE_MAX}, or null`;

function checkScopes(value: unknown): readonly Scope[] | string {
  const rule = `"scopes" must be a list of ${SCOPES.join(', ')}, at least one`;
  if (!Array.isArray(value) || value.length === 0 || value.length > SCOPES.length) return rule;
  const scopes = SCOPES.filter((scope) => value.includes(scope));
  return scopes.length === value.length ? scopes : rule;
}

function checkConnections(value: unknown): '*' | readonly string[] | null {
  if (value === '*') return value;
  if (!Array.isArray(value) || value.length === 0 || value.length > KEY_CONNECTIONS_MAX) return null;
  return value.every((id) => typeof id === 'string' && CONNECTION_ID.test(id)) ? value : null;
}

function isRate(value: unknown): value is number | null {
  return value === null || (typeof value === 'number' && value >= KEY_RATE_MIN && value <= KEY_RATE_MAX);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function refuse(problem: string): CheckedKeys {
  return { ok: false, problem };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 64));
}
