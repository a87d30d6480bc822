/* What the fleet knows beside its connections, for whoever looks at all of it: the console. */

export interface FleetNotes {
  readonly nowMs: number;
  /** Ids of activities accepted until then were forgotten before their window was over, because there were too many; null: none were. */
  readonly idsForgottenMs: number | null;
  /** When the credential of a tenant ends, by Sluice's name of the tenant; absent: nobody knows, or it does not end. */
  readonly credentialExpiryMs: ReadonlyMap<string, number>;
}

export interface FleetNoteStore {
  fleetNotes(): Promise<FleetNotes>;
  /** Who uses the credential says when it ends; null: it does not, or nobody knows. The last word counts. */
  noteCredential(tenantId: string, expiresAtMs: number | null): Promise<void>;
}
