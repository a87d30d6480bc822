/* Tells the fleet when each tenant's credential ends: only who uses it can read it. Again and again, because files are rotated. */
import type { TenantConfig } from '@sluice/config';
import type { ActivityStore } from '@sluice/core';
import { readCredentialExpiryMs } from '@sluice/graph';

export interface NoteParts {
  readonly tenants: readonly TenantConfig[];
  readonly store: Pick<ActivityStore, 'noteCredential'>;
  readonly onError: (error: unknown) => void;
}

const NOTED_EVERY_MS = 60_000;

/** Begins at once; answers how to stop. */
export function noteCredentials(parts: NoteParts): { stop(): void } {
  let noting = false;
  async function note(): Promise<void> {
    // A Redis that is away is waited for; the next turn need not wait as well.
    if (noting) return;
    noting = true;
    try {
      await noteOnce(parts);
    } catch (error) {
      parts.onError(error);
    } finally {
      noting = false;
    }
  }
  void note();
  const timer = setInterval(() => void note(), NOTED_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

export async function noteOnce({ tenants, store }: Omit<NoteParts, 'onError'>): Promise<void> {
  for (const { name, graph } of tenants) {
    if (graph === null) continue;
    const expiresMs = graph.secretExpiresMs ?? (await readCredentialExpiryMs(graph.credential));
    await store.noteCredential(name, expiresMs);
  }
}
