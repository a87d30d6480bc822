import type { FleetNotes } from '@sluice/core';
import { pairs } from './read-connection.ts';

export function readFleetNotes(reply: unknown): FleetNotes {
  const [nowMs, forgotten, credentials] = reply as readonly [number, string, readonly string[]];
  return {
    nowMs,
    idsForgottenMs: forgotten === '' ? null : Number(forgotten),
    credentialExpiryMs: new Map([...pairs(credentials)].map(([tenantId, ms]) => [tenantId, Number(ms)])),
  };
}
