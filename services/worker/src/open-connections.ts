/* What the worker knows of each connection, made once: how it takes, with which tenant's token it sends, how it settles. */
import {
  type Config,
  type ConnectionConfig,
  type ConnectionInForce,
  rememberConnections,
  type TenantConfig,
} from '@sluice/config';
import { intervalInitialUs, type Lease, type Reply, type TakeRequest } from '@sluice/core';
import type { DeliverParts } from './deliver-batch.ts';
import type { Senders } from './open-senders.ts';

export interface WorkerConnection {
  readonly takeSettings: Omit<TakeRequest, 'connectionId' | 'leaseId'>;
  readonly deliver: DeliverParts;
}

export interface ConnectionParts extends Omit<DeliverParts, 'tenantId' | 'send' | 'settings' | 'outcomes'> {
  readonly config: Config;
  readonly senders: Senders;
  /** Monotonic milliseconds: by then the call of this lease must be over. */
  readonly deadlineOf: (lease: Lease) => number;
}

/** Throws for a connection that no tenant has: what is pending of it waits until one has. */
export function openConnections(parts: ConnectionParts): (connectionId: string) => WorkerConnection {
  const connectionOf = rememberConnections(parts.config, (inForce) => openConnection(inForce, parts));
  return (connectionId) => {
    const connection = connectionOf(connectionId);
    if (connection !== null) return connection;
    throw new Error(
      `connection ${connectionId} is of no tenant: what is pending of it waits until the configuration names it`,
    );
  };
}

function openConnection(
  { tenant, graphConnectionId, settings }: ConnectionInForce,
  { config, senders, deadlineOf, ...deliver }: ConnectionParts,
): WorkerConnection {
  const sender = senders.of(tenant);
  const { callTimeoutMs } = settings;
  async function send(_connectionId: string, lease: Lease, entries: readonly string[]): Promise<Reply> {
    const { itemId, leaseId: clientRequestId } = lease;
    // The sender looks at the deadline once more just before it writes: what is late then was not sent.
    const times = { callTimeoutMs, deadlineMs: deadlineOf(lease) };
    return sender.send({ connectionId: graphConnectionId, itemId, entries, clientRequestId, ...times });
  }
  return {
    takeSettings: takeSettingsOf(tenant, settings),
    deliver: {
      ...deliver,
      tenantId: tenant.name,
      send,
      settings: { ...settings, receiptTtlMs: config.receiptTtlMs },
      outcomes: config.outcomes,
    },
  };
}

function takeSettingsOf(tenant: TenantConfig, settings: ConnectionConfig): WorkerConnection['takeSettings'] {
  return {
    tenantId: tenant.name,
    leaseMs: settings.leaseMs,
    callTimeoutMs: settings.callTimeoutMs,
    lingerMs: settings.lingerMs,
    ageBoundMs: settings.ageBoundMs,
    entriesMax: settings.batchEntriesMax,
    inFlightMax: settings.inFlightMax,
    unknownPolicy: settings.unknownPolicy,
    viewedAgeMaxMs: settings.viewedAgeMaxMs,
    intervalInitialUs: intervalInitialUs(settings.quota),
  };
}
