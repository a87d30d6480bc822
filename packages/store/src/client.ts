/* The only place that opens a connection to Redis. */
import { Redis } from 'ioredis';
import { KEY_COUNTS, loadScript, SCRIPT_NAMES, type ScriptName } from './scripts.ts';

/**
 * intake: an answer within a second or an error, nothing queued in memory. A write whose reply was lost is an error there,
 * and asking again is safe: every script is idempotent.
 * worker: waits for Redis as long as it takes and sends again what it saw no reply to.
 */
export type RedisRole = 'intake' | 'worker';

const RECONNECT_MS_MAX = 1000;
const SILENT_MS_MAX = 900;

export function openRedis(url: string, role: RedisRole, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, { ...optionsOf(role), retryStrategy: reconnectAfter });
  redis.on('error', onError);
  return redis;
}

function optionsOf(role: RedisRole) {
  if (role === 'worker') return { maxRetriesPerRequest: null, connectTimeout: 2000 };
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
export function scriptRunner(redis: Redis, clock?: string): RunScript {
  for (const name of SCRIPT_NAMES) {
    redis.defineCommand(`sluice_${name}`, { numberOfKeys: KEY_COUNTS[name], lua: loadScript(name, clock) });
  }
  const commands = redis as unknown as Record<string, (...args: readonly (string | number)[]) => Promise<unknown>>;
  return (name, keys, args) => commands[`sluice_${name}`]!(...keys, ...args);
}
