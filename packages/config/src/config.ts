import type { OutcomeOverrides, QuotaSettings } from '@sluice/core';

/** What the operator sets, checked and frozen. Names follow the variables of docs/configuration.md. */
export interface Config {
  /** Where this process listens. port null: the service's own default. */
  readonly listen: { readonly bind: string; readonly port: number | null };
  readonly redis: RedisConfig;
  /** Parts that tenants are spread over. */
  readonly shards: number;
  /** At least one. Which of them has a connection, connectionSettings() says. */
  readonly tenants: readonly TenantConfig[];
  /** What the operator knows of Graph's per-entry codes; beats ours. */
  readonly outcomes: OutcomeOverrides;
  readonly connectionsMax: number;
  readonly workerCallsMax: number;
  readonly receiptsMax: number;
  readonly receiptTtlMs: number;
  readonly performerIds: 'object-id' | 'any';
  /** The least that a 202 may promise. */
  readonly durability: Durability;
  /** What the operator vouches for where Redis hides its settings; null: nothing. */
  readonly durabilityAssume: Durability | null;
  readonly idempotencyMax: number;
  readonly dedupe: 'id' | 'content' | 'off';
  readonly dedupeWindowMs: number;
  readonly dedupeMax: number;
  readonly bodyBytesMax: number;
  readonly requestActivitiesMax: number;
  readonly activityBytesMax: number;
  /** Who may ask the intake and the console. Neither keys nor tokens: everybody who reaches them. */
  readonly access: AccessConfig;
  readonly alerts: AlertConfig;
  /** Null: plain http. */
  readonly tls: TlsConfig | null;
  readonly allowAnonymous: boolean;
  readonly shutdownMs: number;
  readonly dataDir: string;
  readonly logLevel: string;
}

export interface AccessConfig {
  readonly keysFile: string | null;
  readonly tokens: TokenConfig | null;
}

/** Entra access tokens: of which tenant, made for whom, and where the keys are that sign them. */
export interface TokenConfig {
  readonly tenantId: string;
  readonly audience: string;
  readonly issuers: readonly string[];
  readonly keysUrl: string;
}

/** Paths of PEM files. */
export interface TlsConfig {
  readonly certFile: string;
  readonly keyFile: string;
}

/** Where activities are kept, and what it takes to be let in. What files hold is read again at each new connection. */
export interface RedisConfig {
  readonly url: string;
  /** The file that url was read from: its name and password may change there. Null: it was given as text. */
  readonly urlFile: string | null;
  readonly tls: RedisTlsConfig;
  /** What the Sentinels ask for, where there are any. */
  readonly sentinels: SentinelLogin;
}

export interface SentinelLogin {
  readonly username: string | null;
  /** Null: they ask for none. */
  readonly password: string | null;
  /** The file that password was read from; null: it was given as text. */
  readonly passwordFile: string | null;
}

/** Paths of PEM files that were good at start. */
export interface RedisTlsConfig {
  /** Whom to trust as Redis; null: whom the system trusts. */
  readonly caFile: string | null;
  /** What is shown to Redis; null: nothing. */
  readonly certificate: TlsConfig | null;
}

/** Told to a webhook by the console. */
export interface AlertConfig {
  /** A secret: whoever has it can write there. Null: nobody is told. */
  readonly webhookUrl: string | null;
  readonly ageMs: number;
}

export interface TenantConfig {
  readonly name: string;
  /** Null: no Graph credential is set; only services that call Graph need one. */
  readonly graph: GraphConfig | null;
  /** By Sluice's name. `*`: every connection there is, in a Sluice of one tenant. */
  readonly connections: '*' | Readonly<Record<string, TenantConnection>>;
  /** Of a connection that has none of its own. */
  readonly settings: ConnectionConfig;
}

export interface TenantConnection {
  /** Graph's name of it; Sluice's own names are unique over all tenants, Graph's within one. */
  readonly graphId: string;
  readonly settings: ConnectionConfig;
}

/** How safe a stored entry is, weakest first. `fsync-1s`: on disk within a second; `fsync`: on disk when acknowledged; `replicated`: on disk, and a replica has it. */
export const DURABILITIES = ['unknown', 'memory', 'fsync-1s', 'fsync', 'replicated'] as const;
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
  /** null: no `viewed` is too old. */
  readonly viewedAgeMaxMs: number | null;
  readonly pendingMax: number;
  readonly deadLettersMax: number;
  readonly callTimeoutMs: number;
  readonly leaseMs: number;
}

export interface GraphConfig {
  readonly credential: Credential;
  /** When the client secret ends, if that is the credential and the operator said so. */
  readonly secretExpiresMs: number | null;
  readonly cloud: Cloud;
  readonly version: 'v1.0' | 'beta';
  /** The Graph root without version, without a slash at its end. Null: by cloud. */
  readonly baseUrl: string | null;
  /** The whole token endpoint. Null: by cloud. */
  readonly tokenUrl: string | null;
  /** What stands between this machine and the internet. Null: nothing. */
  readonly proxy: ProxyConfig | null;
  /** Entra is told that claims challenges are understood. */
  readonly claimsChallenges: boolean;
  /** Plain http to another machine is allowed: for tests only. */
  readonly allowInsecure: boolean;
}

export interface ProxyConfig {
  /** An http or https URL, perhaps with a name and a password. */
  readonly url: string;
  /** Hosts that are reached without it, as NO_PROXY lists them. */
  readonly bypass: string;
}

export type Cloud = 'global' | 'usgov' | 'usgov-dod';

/** Of an application, or of a managed identity (clientId null: the system-assigned one). */
export type Credential =
  | { readonly kind: 'app'; readonly tenantId: string; readonly clientId: string; readonly proof: Proof }
  | { readonly kind: 'managed-identity'; readonly clientId: string | null };

/** How an application proves who it is. What is in a file is read by whoever uses it, each time. */
export type Proof =
  | { readonly kind: 'secret'; readonly secret: string }
  | { readonly kind: 'secret-file' | 'certificate-file' | 'assertion-file'; readonly path: string };
