/* deliver: one sender for each tenant, opened with its first call, so that a token of one tenant cannot reach another's Graph. */
import type { Config, TenantConfig } from '@sluice/config';
import { createGraphSender, type GraphSender } from '@sluice/graph';

export interface Senders {
  /** The sender of one of the configuration's tenants: there are no more senders than tenants. */
  of(tenant: TenantConfig): GraphSender;
  /** Waits for the calls in flight. */
  close(): Promise<void>;
}

export function openSenders({ workerCallsMax }: Pick<Config, 'workerCallsMax'>): Senders {
  const senders = new Map<TenantConfig, GraphSender>();

  function open({ name, graph, settings }: TenantConfig): GraphSender {
    if (graph === null) throw new Error(`tenant ${name} has no Graph credential, and loadConfig was asked for one`);
    const { callTimeoutMs } = settings;
    const { allowInsecure, claimsChallenges } = graph;
    return createGraphSender({ graph, callTimeoutMs, callsMax: workerCallsMax, allowInsecure, claimsChallenges });
  }

  return {
    of: (tenant) => {
      const known = senders.get(tenant);
      if (known !== undefined) return known;
      const opened = open(tenant);
      senders.set(tenant, opened);
      return opened;
    },
    close: async () => {
      await Promise.all([...senders.values()].map((sender) => sender.close()));
    },
  };
}
