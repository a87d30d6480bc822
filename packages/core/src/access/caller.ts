/*
  accept: who asks, and whether they may. A caller has scopes, which say what may be done, and connections, on which it may
  be done; nothing is allowed that is not named. No scope contains another.
*/

/** ingest: send activities and read receipts. read: look. operate: pause, resume, forget, replay, discard, erase. */
export const SCOPES = ['ingest', 'read', 'operate'] as const;
export type Scope = (typeof SCOPES)[number];

/** What one caller may send; null: as much as it likes. */
export interface CallerLimits {
  readonly requestsPerSecond: number | null;
  readonly activitiesPerSecond: number | null;
}

export interface Caller {
  readonly kind: 'anybody' | 'key' | 'token';
  /** Of the key, or of the application; what quotas are counted under. Empty: anybody. */
  readonly id: string;
  /** As operators see it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly connections: '*' | ReadonlySet<string>;
  readonly limits: CallerLimits;
  /** Its requests get receipts. Who never looks at them saves Redis their bytes. */
  readonly receipts: boolean;
}

/** Without keys there is nobody to tell apart. */
export const ANYBODY: Caller = {
  kind: 'anybody',
  id: '',
  name: 'anybody',
  scopes: SCOPES,
  connections: '*',
  limits: { requestsPerSecond: null, activitiesPerSecond: null },
  receipts: true,
};

/** What a route asks for. */
export interface Demand {
  /** One of them is enough. */
  readonly scopes: readonly Scope[];
  /** The connection it is about; null: none alone. */
  readonly connectionId: string | null;
  /** It shows or changes what belongs to every connection. */
  readonly everyConnection: boolean;
}

export type Denial = 'scope_missing' | 'connection_not_allowed';

/** Null: go on. */
export function checkCaller(caller: Caller, demand: Demand): Denial | null {
  if (!demand.scopes.some((scope) => caller.scopes.includes(scope))) return 'scope_missing';
  if (demand.connectionId !== null && !mayUse(caller, demand.connectionId)) return 'connection_not_allowed';
  return demand.everyConnection && caller.connections !== '*' ? 'connection_not_allowed' : null;
}

export function mayUse({ connections }: Caller, connectionId: string): boolean {
  return connections === '*' || connections.has(connectionId);
}

/** Quotas are counted for callers who have one. */
export function isLimited({ limits }: Caller): boolean {
  return limits.requestsPerSecond !== null || limits.activitiesPerSecond !== null;
}
