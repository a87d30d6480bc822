/* Which tenant a connection belongs to, and what is in force for it. */
import { CONNECTION_ID, RESERVED_CONNECTION_ID } from '@sluice/core';
import type { Config, ConnectionConfig, TenantConfig } from './config.ts';

export interface ConnectionInForce {
  readonly tenant: TenantConfig;
  /** Graph's name of it. */
  readonly graphConnectionId: string;
  readonly settings: ConnectionConfig;
}

/** Null: no tenant has a connection of this name. */
export function connectionSettings({ tenants }: Config, connectionId: string): ConnectionInForce | null {
  for (const tenant of tenants) {
    if (tenant.connections === '*') {
      if (CONNECTION_ID.test(connectionId))
        return { tenant, graphConnectionId: connectionId, settings: tenant.settings };
    } else if (Object.hasOwn(tenant.connections, connectionId)) {
      const { graphId, settings } = tenant.connections[connectionId]!;
      return { tenant, graphConnectionId: graphId, settings };
    }
  }
  return null;
}

/** Whether Graph can have no such connection. A name that stands for another one of Graph's may be any. */
export function isReservedConnection(config: Config, connectionId: string): boolean {
  if (!RESERVED_CONNECTION_ID.test(connectionId)) return false;
  return connectionSettings(config, connectionId)?.graphConnectionId === connectionId;
}

/**
 * Remembers what `make` makes of a connection, for as many as there may be; names that no tenant has are not remembered,
 * because they come from outside.
 */
export function rememberConnections<T>(
  config: Config,
  make: (inForce: ConnectionInForce, connectionId: string) => T,
): (connectionId: string) => T | null {
  const made = new Map<string, T>();
  return (connectionId) => {
    const known = made.get(connectionId);
    if (known !== undefined) return known;
    const inForce = connectionSettings(config, connectionId);
    if (inForce === null) return null;
    const fresh = make(inForce, connectionId);
    if (made.size < config.connectionsMax) made.set(connectionId, fresh);
    return fresh;
  };
}

/** How the store spreads tenants over shards, and whose a connection is. */
export function shardSettings(config: Config): {
  readonly count: number;
  readonly tenantOf: (connectionId: string) => string | null;
} {
  return { count: config.shards, tenantOf: rememberConnections(config, ({ tenant }) => tenant.name) };
}
