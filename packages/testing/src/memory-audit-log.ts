/* The audit log in memory: the port's prose made executable. */
import { AUDIT_KEPT_MAX, AUDIT_PAGE_MAX, AUDIT_TEXT_MAX, type AuditedEntry, type AuditLog } from '@sluice/core';

export function createMemoryAuditLog({ nowMs }: { readonly nowMs: () => number }): AuditLog {
  const kept: AuditedEntry[] = [];
  let sequence = 0;
  return {
    recordDeed: async (deed) => {
      const cut = Object.entries(deed).map(([name, value]) => [
        name,
        typeof value === 'string' ? value.slice(0, AUDIT_TEXT_MAX) : value,
      ]);
      sequence += 1;
      kept.unshift({ ...Object.fromEntries(cut), id: `${nowMs()}-${sequence}`, atMs: nowMs() });
      kept.length = Math.min(kept.length, AUDIT_KEPT_MAX);
    },
    readDeeds: async ({ cursor, limit }) => {
      const from = cursor === null ? 0 : kept.findIndex(({ id }) => id === cursor) + 1;
      if (cursor !== null && from === 0) return { entries: [], next: null };
      const entries = kept.slice(from, from + Math.min(limit, AUDIT_PAGE_MAX));
      return { entries, next: from + entries.length < kept.length ? (entries.at(-1)?.id ?? null) : null };
    },
  };
}
