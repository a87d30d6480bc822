/* How safely Redis keeps what it is given, by its own account. */
import type { Redis } from 'ioredis';
import { type RedisClient, writersOf } from './client.ts';

/** What a 202 may promise, from weakest to strongest. */
export type Durability = 'unknown' | 'memory' | 'fsync-1s' | 'fsync' | 'replicated';

const LEVELS: readonly Durability[] = ['unknown', 'memory', 'fsync-1s', 'fsync', 'replicated'];

/** A replica says every second how far it is; one that has been silent for longer than this confirms nothing. */
const LAG_S_MAX = 5;

/** The weakest of all servers that may come to store. `waits`: who asks waits for replicas, so `replicated` may be said where there are some. */
export async function readDurability(redis: RedisClient, waits: boolean): Promise<Durability> {
  const levels = await Promise.all(writersOf(redis).map((writer) => readDurabilityOf(writer, waits)));
  const ranks = levels.map((level) => LEVELS.indexOf(level));
  return ranks.length === 0 ? 'unknown' : LEVELS[Math.min(...ranks)]!;
}

async function readDurabilityOf(redis: Redis, waits: boolean): Promise<Durability> {
  try {
    const settings = toMap(await redis.config('GET', 'append*'));
    if (settings.get('appendonly') !== 'yes') return 'memory';
    const fsync = settings.get('appendfsync');
    if (fsync !== 'always') return fsync === 'everysec' ? 'fsync-1s' : 'memory';
    return waits && countReplicas(await redis.info('replication')) > 0 ? 'replicated' : 'fsync';
  } catch {
    return 'unknown';
  }
}

/** Replicas that are connected and say so. */
export function countReplicas(info: string): number {
  const lines = info.matchAll(/^slave\d+:.*\bstate=online\b.*\blag=(\d+)/gm);
  return [...lines].filter(([, lag]) => Number(lag) <= LAG_S_MAX).length;
}

function toMap(settings: unknown): ReadonlyMap<string, string> {
  if (settings instanceof Map) return settings as ReadonlyMap<string, string>;
  const list = Array.isArray(settings)
    ? (settings as string[])
    : Object.entries(settings as Record<string, string>).flat();
  const map = new Map<string, string>();
  for (let i = 0; i + 1 < list.length; i += 2) map.set(String(list[i]), String(list[i + 1]));
  return map;
}
