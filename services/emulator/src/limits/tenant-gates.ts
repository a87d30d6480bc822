/*
  The hidden limit of a whole tenant, above those of its connections: a call that its connection's gate lets in is asked for
  here as well. A tenant without a limit of its own has none.
*/
import { openRateLimit, type RateLimit, type RateSettings } from './rate-limit.ts';

export interface TenantGates {
  /** 0: taken. Above: refused; a call could be taken in about so many milliseconds. */
  enter(tenant: string, limits: RateSettings, nowMs: number): number;
  clear(): void;
}

const TENANTS_MAX = 10_000;

export function createTenantGates(): TenantGates {
  const gates = new Map<string, { readonly limits: RateSettings; readonly limit: RateLimit }>();
  return {
    enter(tenant, limits, nowMs) {
      const known = gates.get(tenant);
      if (known?.limits === limits) return known.limit.take(nowMs);
      if (gates.size >= TENANTS_MAX) gates.clear();
      const limit = openRateLimit(limits, nowMs, known?.limit ?? null);
      gates.set(tenant, { limits, limit });
      return limit.take(nowMs);
    },
    clear: () => gates.clear(),
  };
}
