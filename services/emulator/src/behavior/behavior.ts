/* How the emulator behaves towards its callers: what PUT /emulator/behavior sets, and what it is when nobody has set anything. */

import { ROLES_USUAL } from '../tokens/token.ts';

export const WINDOW_SHAPES = ['bucket', 'fixed', 'sliding'] as const;
export const RESULT_ORDERS = ['same', 'shuffled'] as const;
/** whole: one for each activity, as documented. */
export const RESULT_SHAPES = ['whole', 'short', 'long', 'repeated', 'foreign', 'normalised', 'nameless'] as const;
export type ResultShape = (typeof RESULT_SHAPES)[number];

/** Evenly spread, or log-normal with this median and 99th percentile; milliseconds. */
export type Latency = readonly [min: number, max: number] | { readonly p50: number; readonly p99: number };

/** The hidden quota of one connection of one tenant. */
export interface Limits {
  /** Calls a second; null = no limit. */
  readonly rate: number | null;
  readonly window: (typeof WINDOW_SHAPES)[number];
  /** Calls that a full bucket grants at once. */
  readonly burst: number;
  /** Calls in flight; null = no limit. */
  readonly concurrency: number | null;
  /** A refused call counts against the quota like a taken one. */
  readonly accrueThrottled: boolean;
  /** A second client of the same quota, calls a second. */
  readonly background: { readonly rate: number };
}

/** Which part of the taken calls ends otherwise than with a 200. */
export interface Shares {
  readonly '500': number;
  readonly '502': number;
  readonly '503': number;
  readonly '504': number;
  readonly '207': number;
  readonly reset: number;
  readonly lost: number;
  /** Appended, and answered 200 with a body that breaks off. */
  readonly garbled: number;
}

export interface EntryError {
  readonly code: string;
  readonly message: string;
}

/** The answer to one call (or to `times` calls), decided beforehand. */
export interface ScriptedAnswer {
  readonly status: number | 'reset' | 'lost';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Which entries are appended: all, none, or those at these positions. Without it: all for 2xx and lost, none for the rest. */
  readonly apply?: boolean | readonly number[];
  /** Appended at once, answered this much later; instead of the latency. */
  readonly delayMs?: number;
  readonly times?: number;
}

/** What a connection's own object may override. */
export interface ConnectionBehavior extends Limits {
  /** seconds, decimal, date, absent, or the header's text as it is. */
  readonly retryAfter: string;
  readonly latencyMs: Latency;
  readonly shares: Shares;
  readonly entryError: EntryError;
  readonly resultOrder: (typeof RESULT_ORDERS)[number];
  readonly resultShape: ResultShape;
  readonly unknownItems: readonly string[];
  readonly itemsAppearAfterMs: number;
  readonly script: readonly ScriptedAnswer[];
}

export interface TokenFailure {
  readonly status: number;
  /** OAuth's error code. */
  readonly error?: string;
  /** Sent as it is, in place of the body made from `error`. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** The hidden quota of a whole tenant, all its connections together. */
export type TenantLimits = Pick<Limits, 'rate' | 'window' | 'burst'>;

export interface Behavior extends ConnectionBehavior {
  readonly seed: number;
  readonly token: {
    readonly expiresIn: number;
    readonly fail: number | TokenFailure | null;
    /** The application permissions that tokens carry. */
    readonly roles: readonly string[];
    /** A token that was not asked for with these claims is challenged; null: no challenge. */
    readonly claims: Readonly<Record<string, unknown>> | null;
  };
  readonly unknownConnections: readonly string[];
  readonly connections: Readonly<Record<string, ConnectionOverride>>;
  /** By tenant id; others have no limit above those of their connections. */
  readonly tenants: Readonly<Record<string, Partial<TenantLimits>>>;
}

/** What a tester sends: any part of it. */
export type ConnectionOverride = Partial<Omit<ConnectionBehavior, 'shares' | 'entryError'>> & {
  readonly shares?: Partial<Shares>;
  readonly entryError?: Partial<EntryError>;
};
export type BehaviorInput = ConnectionOverride &
  Partial<Pick<Behavior, 'seed' | 'unknownConnections' | 'connections' | 'tenants'>> & {
    readonly token?: Partial<Behavior['token']>;
  };

export const DEFAULT_BEHAVIOR: Behavior = {
  seed: 1,
  rate: 25,
  window: 'bucket',
  burst: 25,
  concurrency: 25,
  accrueThrottled: true,
  background: { rate: 0 },
  retryAfter: 'seconds',
  latencyMs: [5, 20],
  shares: { '500': 0, '502': 0, '503': 0, '504': 0, '207': 0, reset: 0, lost: 0, garbled: 0 },
  entryError: { code: 'serviceNotAvailable', message: 'The service is not available. Try again later.' },
  resultOrder: 'same',
  resultShape: 'whole',
  unknownItems: [],
  itemsAppearAfterMs: 0,
  script: [],
  token: { expiresIn: 3599, fail: null, roles: ROLES_USUAL, claims: null },
  unknownConnections: [],
  connections: {},
  tenants: {},
};

/** Missing members keep their default, also one level down. */
export function completeBehavior(input: BehaviorInput): Behavior {
  const token = { ...DEFAULT_BEHAVIOR.token, ...input.token };
  return { ...DEFAULT_BEHAVIOR, ...input, ...nested(DEFAULT_BEHAVIOR, input), token };
}

/** A connection's object overrides the common behaviour, also one level down. */
export function behaviorOf(connection: string, behavior: Behavior): ConnectionBehavior {
  const override = Object.hasOwn(behavior.connections, connection) ? behavior.connections[connection] : undefined;
  return override === undefined ? behavior : { ...behavior, ...override, ...nested(behavior, override) };
}

function nested(base: ConnectionBehavior, over: ConnectionOverride): Pick<ConnectionBehavior, 'shares' | 'entryError'> {
  return { shares: { ...base.shares, ...over.shares }, entryError: { ...base.entryError, ...over.entryError } };
}
