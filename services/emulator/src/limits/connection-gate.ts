/*
  The gate of one (tenant, connection): concurrency first, then rate. A call refused for concurrency still counts against the
  rate where throttled calls count. Also runs the background client, which spends the same quota: its calls are evenly spaced
  and made up, in order, before each look at the gate.
*/
import type { Latency, Limits } from '../behavior/behavior.ts';
import { latencyMaxOf } from '../graph/draw-latency.ts';
import { openRateLimit, type RateLimit } from './rate-limit.ts';

export interface BackgroundCounts {
  readonly accepted: number;
  readonly refused: number;
}

export interface ConnectionGate {
  /** 0: taken, and leave() is owed. Above: refused; a call could be taken in about so many milliseconds. */
  enter(limits: GateLimits, nowMs: number): number;
  leave(): void;
  isIdle(): boolean;
  background(limits: GateLimits, nowMs: number): BackgroundCounts;
}

/** latencyMs: how long calls take, for a guess at when one in flight ends. */
export interface GateLimits extends Limits {
  readonly latencyMs: Latency;
}

/** After a pause longer than this only its end is simulated. */
const BACKGROUND_MADE_UP_MS_MAX = 60_000;

export function openGate(startedMs: number): ConnectionGate {
  let inForce: Limits | null = null;
  let rateLimit: RateLimit | null = null;
  let inFlight = 0;
  let backgroundMs = startedMs;
  let accepted = 0;
  let refused = 0;

  function limitFor(limits: Limits, nowMs: number): RateLimit {
    if (rateLimit === null || limits !== inForce) {
      rateLimit = openRateLimit(limits, nowMs, rateLimit);
      inForce = limits;
    }
    return rateLimit;
  }

  function makeUpBackground(limits: Limits, nowMs: number): void {
    if (limits.background.rate === 0) {
      backgroundMs = nowMs;
      return;
    }
    const limit = limitFor(limits, nowMs);
    const intervalMs = 1000 / limits.background.rate;
    let at = Math.max(backgroundMs + intervalMs, nowMs - BACKGROUND_MADE_UP_MS_MAX);
    for (; at <= nowMs; at += intervalMs) {
      if (limit.take(at) === 0) accepted++;
      else refused++;
    }
    backgroundMs = at - intervalMs;
  }

  return {
    enter(limits, nowMs) {
      makeUpBackground(limits, nowMs);
      const limit = limitFor(limits, nowMs);
      if (limits.concurrency !== null && inFlight >= limits.concurrency) {
        const waitMs = limits.accrueThrottled ? limit.take(nowMs) : 0;
        return Math.max(1, waitMs, latencyMaxOf(limits.latencyMs));
      }
      const waitMs = limit.take(nowMs);
      if (waitMs === 0) inFlight++;
      return waitMs;
    },
    leave() {
      inFlight--;
    },
    isIdle: () => inFlight === 0,
    background(limits, nowMs) {
      makeUpBackground(limits, nowMs);
      return { accepted, refused };
    },
  };
}

export interface Gates {
  of(tenant: string, connection: string): ConnectionGate;
  each(): Iterable<{ readonly tenant: string; readonly connection: string; readonly gate: ConnectionGate }>;
  /** Forgets all quotas. Calls in flight leave the gate they entered by. */
  clear(): void;
}

const GATES_MAX = 10_000;

export function createGates(nowMs: () => number): Gates {
  const gates = new Map<string, { tenant: string; connection: string; gate: ConnectionGate }>();
  return {
    of(tenant, connection) {
      const key = `${tenant}/${connection}`;
      const known = gates.get(key);
      if (known !== undefined) return known.gate;
      if (gates.size >= GATES_MAX) dropOldestIdle(gates);
      const gate = openGate(nowMs());
      gates.set(key, { tenant, connection, gate });
      return gate;
    },
    each: () => gates.values(),
    clear: () => gates.clear(),
  };
}

function dropOldestIdle(gates: Map<string, { readonly gate: ConnectionGate }>): void {
  for (const [key, { gate }] of gates) {
    if (gate.isIdle()) {
      gates.delete(key);
      return;
    }
  }
}
