/* The only place that opens a connection to Redis. */
import { parseRedisAddress, type RedisAddress } from '@sluice/core';
import { Cluster, Redis } from 'ioredis';
import { type HearError, sentinelsConnector, serverConnector } from './connectors.ts';
import { describeRedisFailure } from './describe-redis-failure.ts';
import { hearSentinels } from './describe-sentinel-failure.ts';
import { loginsFromFiles, type SentinelLogin } from './logins-from-files.ts';
import { KEY_COUNTS, loadScript, SCRIPT_NAMES, type ScriptName } from './scripts.ts';
import { slotOf } from './shard-tags.ts';
import { type RedisTlsFiles, tlsFromFiles } from './tls-from-files.ts';

/**
 * intake: an answer within a second or an error, nothing queued in memory. A write whose reply was lost is an error there,
 * and asking again is safe: every script is idempotent.
 * worker: waits for Redis as long as it takes and sends again what it saw no reply to.
 */
export type RedisRole = 'intake' | 'worker';

export type RedisClient = Redis | Cluster;

export interface RedisPlace {
  /** As REDIS_URL: one server, Sentinels, or a Cluster. */
  readonly url: string;
  /** The file that url was read from: name and password are read again at each new connection. Absent or null: none. */
  readonly urlFile?: string | null;
  /** Absent: the Sentinels ask for none. */
  readonly sentinels?: SentinelLogin;
  /** Where the URL says TLS. Absent: whom the system trusts is Redis, and nothing is shown to it. */
  readonly tls?: RedisTlsFiles;
}

const RECONNECT_MS_MAX = 1000;
/** With what surrounds a command, a caller has his answer well within a second. */
const SILENT_MS_MAX = 700;
/** A worker follows a failover of the cluster as long as one takes; an intake says 503 in time and asks again. */
const REDIRECTIONS_MAX = { intake: 4, worker: 200 };
const REDIRECT_MS = 100;

export interface OpenedRedis {
  readonly redis: RedisClient;
  /** What an error of this client, or of a copy of it, says to an operator; null: nothing that was not said before. */
  readonly describe: (error: Error) => Error | null;
}

/** Throws on an address that is none; settings are checked before. */
export function openRedis(place: RedisPlace, role: RedisRole, onError: (error: Error) => void): OpenedRedis {
  const address = parseRedisAddress(place.url);
  if (address === null) throw new TypeError('not the address of a Redis');
  const sentinels = hearSentinels(address);
  const open = { address, place, role, hear: sentinels.hear };
  const redis = address.kind === 'cluster' ? openCluster(open) : openServer(open);
  let reached = false;
  redis.on('ready', () => {
    reached = true;
  });
  const described = new WeakMap<Error, Error | null>();
  function describe(error: Error): Error | null {
    const before = described.get(error);
    if (before !== undefined) return before;
    const said = sentinels.describe(error);
    const words = said === null ? null : describeRedisFailure(said, { ...address!, reached });
    described.set(error, words);
    return words;
  }
  redis.on('sentinelError', sentinels.hear);
  redis.on('error', (error) => {
    const words = describe(error);
    if (words !== null) onError(words);
  });
  return { redis, describe };
}

interface Opening {
  readonly address: RedisAddress;
  readonly place: RedisPlace;
  readonly role: RedisRole;
  readonly hear: HearError;
}

function openServer({ address, place, role, hear }: Opening): Redis {
  const tls = tlsOf(address, place);
  const show = showOf(address, place);
  const [first] = address.hosts;
  const where =
    address.kind === 'sentinel'
      ? {
          sentinels: address.hosts.map((host) => ({ ...host })),
          name: address.name,
          Connector: sentinelsConnector(show, hear),
          ...(tls && { enableTLSForSentinelMode: true, sentinelTLS: tls }),
          sentinelRetryStrategy: reconnectAfter,
          // A server that was demoted says READONLY: the Sentinels know the new one.
          reconnectOnError: (error: Error) => (error.message.startsWith('READONLY') ? (2 as const) : false),
        }
      : { ...first, Connector: serverConnector(show) };
  return new Redis({
    ...where,
    ...SILENT,
    db: address.database,
    ...(tls && { tls }),
    ...optionsOf(role),
    retryStrategy: reconnectAfter,
  });
}

function openCluster({ address, place, role }: Opening): Cluster {
  const tls = tlsOf(address, place);
  const { enableOfflineQueue, ...options } = optionsOf(role);
  return new Cluster([...address.hosts], {
    redisOptions: { ...SILENT, ...(tls && { tls }), Connector: serverConnector(showOf(address, place)), ...options },
    enableOfflineQueue,
    // Names and not addresses reach TLS, which compares them with the certificate.
    ...(tls && { dnsLookup: (host: string, found: DnsFound) => found(null, host) }),
    clusterRetryStrategy: reconnectAfter,
    maxRedirections: REDIRECTIONS_MAX[role],
    retryDelayOnFailover: REDIRECT_MS,
    retryDelayOnClusterDown: REDIRECT_MS,
    retryDelayOnTryAgain: REDIRECT_MS,
  });
}

type DnsFound = (error: null, address: string) => void;

/** The name of our library is of no use to Redis, and telling it needs a permission that older servers do not have. */
const SILENT = { disableClientInfo: true } as const;

function showOf(address: RedisAddress, { urlFile = null, sentinels = NO_LOGIN }: RedisPlace) {
  return loginsFromFiles({ address, urlFile, sentinels });
}

const NO_LOGIN: SentinelLogin = { username: null, password: null, passwordFile: null };

function tlsOf({ tls }: RedisAddress, place: RedisPlace) {
  return tls ? tlsFromFiles(place.tls ?? { caFile: null, certificate: null }) : undefined;
}

function optionsOf(role: RedisRole) {
  if (role === 'worker') return { maxRetriesPerRequest: null, connectTimeout: 2000, enableOfflineQueue: true };
  return {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    commandTimeout: SILENT_MS_MAX,
    socketTimeout: SILENT_MS_MAX,
    connectTimeout: SILENT_MS_MAX,
  };
}

/** Full jitter, so that a fleet does not come back in one moment. */
function reconnectAfter(attempt: number): number {
  return 20 + Math.random() * Math.min(RECONNECT_MS_MAX, 50 * 2 ** Math.min(attempt, 5));
}

export type RunScript = (
  name: ScriptName,
  keys: readonly string[],
  args: readonly (string | number)[],
) => Promise<unknown>;

/** Registers the scripts; ioredis sends EVALSHA and the whole text only where Redis does not know it. */
export function scriptRunner(redis: RedisClient, clock?: string): RunScript {
  for (const name of SCRIPT_NAMES) {
    redis.defineCommand(`sluice_${name}`, { numberOfKeys: KEY_COUNTS[name], lua: loadScript(name, clock) });
  }
  const commands = redis as unknown as Record<string, (...args: readonly (string | number)[]) => Promise<unknown>>;
  return (name, keys, args) => commands[`sluice_${name}`]!(...keys, ...args);
}

/** Every server that writes: settings are a server's own, and any of a cluster's may come to hold the shard. */
export function writersOf(redis: RedisClient): readonly Redis[] {
  return redis instanceof Cluster ? redis.nodes('master') : [redis];
}

/** The server that holds a shard, found anew each time: in a cluster it may move. */
export function writerOf(redis: RedisClient, tag: string): Redis {
  if (!(redis instanceof Cluster)) return redis;
  const place = redis.slots[slotOf(tag)]?.[0];
  const writer = redis.nodes('master').find(({ options: { host, port } }) => `${host}:${port}` === place);
  if (writer === undefined) throw new Error(`no server of the cluster holds the shard ${tag}`);
  return writer;
}
