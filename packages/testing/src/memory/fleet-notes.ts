import type { FleetNotes } from '@sluice/core';
import type { Now, State } from './state.ts';

export function viewFleetNotes({ idsForgotten, credentialExpiryMs }: State, now: Now): FleetNotes {
  // An id that came longer ago than the window would be forgotten by now anyway.
  const early = idsForgotten !== null && now.ms < idsForgotten.lastMs + idsForgotten.windowMs;
  return { nowMs: now.ms, idsForgottenMs: early ? idsForgotten.lastMs : null, credentialExpiryMs };
}

export function noteCredential({ credentialExpiryMs }: State, tenantId: string, expiresAtMs: number | null): void {
  if (expiresAtMs === null) credentialExpiryMs.delete(tenantId);
  else credentialExpiryMs.set(tenantId, expiresAtMs);
}
