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
  /** The least that a 202 may promise. */
  readonly durability: Durability;
  /** What the operator vouches for where Redis hides its settings; null: nothing. */
  readonly durabilityAssume: Durability | null;
  readonly bodyBytesMax: number;
  readonly requestActivitiesMax: number;
  readonly activityBytesMax: number;
  readonly allowAnonymous: boolean;
  readonly shutdownMs: number;
  readonly dataDir: string;
  readonly logLevel: string;
}

/** How safe a stored entry is, weakest first. `fsync-1s`: on disk within a second; `fsync`: on disk when acknowledged. */
export const DURABILITIES = ['unknown', 'memory', 'fsync-1s', 'fsync'] as const;
export type Durability = (typeof DURABILITIES)[number];

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
  readonly cloud: Cloud;
  readonly version: 'v1.0' | 'beta';
  /** The Graph root without version, without a slash at its end. Null: by cloud. */
  readonly baseUrl: string | null;
  /** The whole token endpoint. Null: by cloud. */
  readonly tokenUrl: string | null;
  /** Plain http to another machine is allowed: for tests only. */
  readonly allowInsecure: boolean;
}

export type Cloud = 'global' | 'usgov' | 'usgov-dod';
