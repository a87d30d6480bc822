import type { QuotaSettings } from '@sluice/core';

/** What the operator sets, checked and frozen. Names follow the variables of docs/configuration.md. */
export interface Config {
  /** Where this process listens. port null: the service's own default. */
  readonly listen: { readonly bind: string; readonly port: number | null };
  readonly redisUrl: string;
  /** Null: no Graph credential is set; only services that call Graph need one. */
  readonly graph: GraphConfig | null;
  readonly connection: ConnectionConfig;
  /** `*` or the only connections there are. */
  readonly connections: '*' | readonly string[];
  readonly connectionsMax: number;
  readonly workerCallsMax: number;
  readonly receiptsMax: number;
  readonly receiptTtlMs: number;
  readonly performerIds: 'object-id' | 'any';
  readonly allowAnonymous: boolean;
  readonly shutdownMs: number;
  readonly dataDir: string;
  readonly logLevel: string;
}

/** Per connection, for the whole fleet. */
export interface ConnectionConfig {
  readonly lingerMs: number;
  readonly batchEntriesMax: number;
  readonly ageBoundMs: number;
  readonly inFlightMax: number;
  readonly quota: QuotaSettings;
  readonly retryAttemptsMax: number;
  readonly retryAgeMaxMs: number;
  readonly retryBaseMs: number;
  readonly retryCapMs: number;
  readonly unknownPolicy: 'retry' | 'park';
  readonly pendingMax: number;
  readonly deadLettersMax: number;
  readonly callTimeoutMs: number;
  readonly leaseMs: number;
}

export interface GraphConfig {
  readonly tenantId: string;
  readonly clientId: string;
  readonly clientSecret: string;
  readonly cloud: 'global' | 'usgov' | 'usgov-dod';
  readonly version: 'v1.0' | 'beta';
  /** The Graph root without version. Null: by cloud. */
  readonly baseUrl: string | null;
  /** The whole token endpoint. Null: by cloud. */
  readonly tokenUrl: string | null;
}
