/* The quotas of callers in memory: the port's prose made executable. */
import type { CallerQuotas, Charge } from '@sluice/core';

interface Buckets {
  requests: number;
  activities: number;
  atUs: number;
}

export function createMemoryCallerQuotas({ nowUs }: { readonly nowUs: () => number }): CallerQuotas {
  const callers = new Map<string, Buckets>();
  return {
    charge: async ({ callerId, requests, activities, limits }: Charge) => {
      const now = nowUs();
      const sizes = { requests: sizeOf(limits.requestsPerSecond), activities: sizeOf(limits.activitiesPerSecond) };
      const held = callers.get(callerId) ?? { ...sizes, atUs: now };
      const seconds = Math.max(0, now - held.atUs) / 1e6;
      const filled = {
        requests: Math.min(sizes.requests, held.requests + (limits.requestsPerSecond ?? 0) * seconds),
        activities: Math.min(sizes.activities, held.activities + (limits.activitiesPerSecond ?? 0) * seconds),
        atUs: now,
      };
      callers.set(callerId, filled);
      const waits = [
        waitOf(filled.requests, requests, limits.requestsPerSecond),
        waitOf(filled.activities, activities, limits.activitiesPerSecond),
      ];
      const waitS = Math.max(...waits);
      if (waitS > 0) return { status: 'refused', retryAfterMs: Math.ceil(waitS * 1000) };
      filled.requests -= requests;
      filled.activities -= activities;
      return { status: 'granted' };
    },
  };
}

function sizeOf(perSecond: number | null): number {
  return perSecond === null ? Number.POSITIVE_INFINITY : Math.max(perSecond, 1);
}

function waitOf(left: number, count: number, perSecond: number | null): number {
  if (perSecond === null || count === 0) return 0;
  return Math.max(0, Math.min(count, sizeOf(perSecond)) - left) / perSecond;
}
