import { TENANT_UNLIMITED, type TenantQuota } from '@sluice/core';
import { bucketOf } from './read-bucket.ts';
import { pairs } from './read-connection.ts';

export function readTenant(reply: unknown): TenantQuota {
  const fields = pairs(reply as readonly string[]);
  const number = (field: string) => Number(fields.get(field) ?? 0);
  const lastBy = fields.get('lastBy');
  if (lastBy === undefined) return TENANT_UNLIMITED;
  return {
    bucket: fields.has('interval') ? bucketOf(fields) : null,
    activeUntilMs: number('activeUntil'),
    last: {
      connectionId: lastBy,
      atMs: number('lastAt'),
      untilMs: number('lastUntil'),
      intervalUs: number('lastInterval'),
    },
  };
}
