/* Runs the controller when take or settle handed out something to learn. Of many calls that saw the same version, one learns. */
import {
  type ActivityStore,
  type Bucket,
  type Learning,
  learnQuota,
  type QuotaSettings,
  tenantQuotaSettings,
} from '@sluice/core';

/** Buckets as take and settle hand them out; null: nothing to learn there. */
export interface HandedOut {
  readonly learn: Bucket | null;
  readonly learnTenant: Bucket | null;
  readonly nowMs: number;
}

export type Learn = (connectionId: string, handedOut: HandedOut) => Promise<void>;

/** What is to be known of a connection to learn its quota and its tenant's. */
export interface LearnSettings {
  readonly quota: QuotaSettings;
  readonly tenantId: string;
  readonly tenantQuota: QuotaSettings;
}

export function learnOnce(store: ActivityStore, settingsOf: (connectionId: string) => LearnSettings | null): Learn {
  const learning = new Set<string>();

  async function once(owner: string, write: () => Promise<boolean>): Promise<void> {
    if (learning.has(owner)) return;
    learning.add(owner);
    try {
      await write();
    } finally {
      learning.delete(owner);
    }
  }

  return async (connectionId, { learn, learnTenant, nowMs }) => {
    if (learn === null && learnTenant === null) return;
    const settings = settingsOf(connectionId);
    if (settings === null) return;
    const { quota, tenantId, tenantQuota } = settings;
    const decided = (bucket: Bucket, of: QuotaSettings): Learning => learnQuota(bucket, of, nowMs);
    if (learn !== null)
      await once(`connection ${connectionId}`, () => store.learn(connectionId, learn.version, decided(learn, quota)));
    if (learnTenant !== null) {
      const { version } = learnTenant;
      const write = () => store.learnTenant(tenantId, version, decided(learnTenant, tenantQuotaSettings(tenantQuota)));
      await once(`tenant ${tenantId}`, write);
    }
  };
}
