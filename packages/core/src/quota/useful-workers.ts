/*
  How many workers the fleet can use now: what an autoscaler follows. A worker is worth having for two things only: room for
  calls in flight, and processor time for calls a second. Both are bounded by what Graph grants, not by how much waits: beyond
  that a worker earns nothing but 429s. So the answer grows with the backlog up to the learned quota, and no further.
*/
import type { ConnectionView } from '../ports/activity-store.ts';

/** One connection, as far as it says how many calls there are to make. */
export interface ConnectionLoad extends Pick<ConnectionView, 'state' | 'pending' | 'delayed'> {
  readonly tenant: string;
  /** What its bucket grants; a connection that has made no call yet: what it begins with. */
  readonly callsPerSecond: number;
  /** Calls that may be in flight: SLUICE_INFLIGHT_MAX, or fewer while failures have lowered it. */
  readonly inFlightMax: number;
  /** How long a call takes, as measured; null: nobody has seen enough calls. */
  readonly callSeconds: number | null;
}

export interface FleetLoad {
  readonly connections: readonly ConnectionLoad[];
  /** Calls a second of the limit above a tenant's connections, where one is in force. */
  readonly tenantCallsPerSecond: ReadonlyMap<string, number>;
  /** SLUICE_WORKER_CALLS_MAX */
  readonly workerCallsMax: number;
}

/** What one worker surely does: 1,500 to 3,400 were measured on two shared cores (docs/performance.md). */
const WORKER_CALLS_PER_SECOND = 1000;

interface Calls {
  readonly inFlight: number;
  readonly perSecond: number;
}

/** Whole, 1 or more. */
export function usefulWorkers({ connections, tenantCallsPerSecond, workerCallsMax }: FleetLoad): number {
  let [inFlight, perSecond] = [0, 0];
  for (const [tenant, own] of Map.groupBy(connections, (connection) => connection.tenant)) {
    const calls = sum(own.map(usefulCalls));
    const share = Math.min(1, (tenantCallsPerSecond.get(tenant) ?? Number.POSITIVE_INFINITY) / calls.perSecond);
    // Of a tenant's limit its connections have a part each, and calls in flight go with calls a second.
    if (calls.perSecond > 0) perSecond += calls.perSecond * share;
    if (calls.inFlight > 0) inFlight += Math.max(1, Math.ceil(calls.inFlight * share));
  }
  return Math.max(1, Math.ceil(inFlight / workerCallsMax), Math.ceil(perSecond / WORKER_CALLS_PER_SECOND));
}

/** The calls that this connection could have in flight, and make a second, if workers were no matter. */
function usefulCalls({ state, pending, delayed, callsPerSecond, inFlightMax, callSeconds }: ConnectionLoad): Calls {
  const ready = Math.max(0, pending - delayed);
  if (ready === 0 || state === 'paused') return { inFlight: 0, perSecond: 0 };
  // A stopped connection is tried now and then, by one call.
  if (state === 'held' || state === 'breaker') return { inFlight: 1, perSecond: 0 };
  // A closure mostly lasts for seconds: who scales down for it is missing when it ends. Each call carries an entry at least.
  const byQuota = callSeconds === null ? inFlightMax : Math.max(1, Math.ceil(callsPerSecond * callSeconds));
  return { inFlight: Math.min(inFlightMax, byQuota, ready), perSecond: Math.min(callsPerSecond, ready) };
}

function sum(calls: readonly Calls[]): Calls {
  return calls.reduce((a, b) => ({ inFlight: a.inFlight + b.inFlight, perSecond: a.perSecond + b.perSecond }), {
    inFlight: 0,
    perSecond: 0,
  });
}
