/* Runs the controller when take or settle handed out something to learn. Of many calls that saw the same version, one learns. */
import { type ActivityStore, type Bucket, learnQuota, type QuotaSettings } from '@sluice/core';

export type Learn = (connectionId: string, bucket: Bucket | null, nowMs: number) => Promise<void>;

export function learnOnce(store: ActivityStore, settingsOf: (connectionId: string) => QuotaSettings | null): Learn {
  const learning = new Set<string>();
  return async (connectionId, bucket, nowMs) => {
    const settings = bucket === null ? null : settingsOf(connectionId);
    if (bucket === null || settings === null || learning.has(connectionId)) return;
    learning.add(connectionId);
    try {
      await store.learn(connectionId, bucket.version, learnQuota(bucket, settings, nowMs));
    } finally {
      learning.delete(connectionId);
    }
  };
}
