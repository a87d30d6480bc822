/* Who did what, as a stream: Redis gives each deed its time, and forgets the oldest. */
import { AUDIT_KEPT_MAX, AUDIT_PAGE_MAX, AUDIT_TEXT_MAX, type AuditedEntry, type AuditLog } from '@sluice/core';
import type { RedisClient } from './client.ts';
import { auditKey } from './keys.ts';

const CURSOR = /^\d{1,15}-\d{1,10}$/;
const FIELDS = ['who', 'keyId', 'action', 'connectionId', 'detail', 'outcome', 'status', 'requestId'] as const;

export function redisAuditLog(redis: Pick<RedisClient, 'xadd' | 'xrevrange'>): AuditLog {
  const key = auditKey();
  return {
    recordDeed: async (deed) => {
      const fields = FIELDS.flatMap((name) => [name, String(deed[name]).slice(0, AUDIT_TEXT_MAX)]);
      await redis.xadd(key, 'MAXLEN', '=', AUDIT_KEPT_MAX, '*', ...fields);
    },
    readDeeds: async ({ cursor, limit }) => {
      if (cursor !== null && !CURSOR.test(cursor)) return { entries: [], next: null };
      const wanted = Math.min(limit, AUDIT_PAGE_MAX);
      const newest = cursor === null ? '+' : `(${cursor}`;
      const found = await redis.xrevrange(key, newest, '-', 'COUNT', wanted + 1);
      const entries = found.slice(0, wanted).map(([id, fields]) => readEntry(id, fields));
      return { entries, next: found.length > wanted ? (entries.at(-1)?.id ?? null) : null };
    },
  };
}

function readEntry(id: string, fields: readonly string[]): AuditedEntry {
  const of = (name: (typeof FIELDS)[number]) => fields[fields.indexOf(name) + 1] ?? '';
  return {
    id,
    atMs: Number(id.split('-')[0]),
    who: of('who'),
    keyId: of('keyId'),
    action: of('action'),
    connectionId: of('connectionId'),
    detail: of('detail'),
    outcome: of('outcome') as AuditedEntry['outcome'],
    status: Number(of('status')),
    requestId: of('requestId'),
  };
}
