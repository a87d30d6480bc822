/* A look at Redis for whoever sets Sluice up: what it says of itself, how far it is, and whether this user may do what is needed. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { OtherServer, ServerLook, StoreCheckup, StoreLook, WorkerBeats } from '@sluice/core';
import type { Redis } from 'ioredis';
import { openRedis, type RedisPlace, scriptRunner, writerOf } from './client.ts';
import { SHARD_TAG, shardBase } from './keys.ts';
import { countReplicas } from './read-durability.ts';
import { SHARD_TAGS } from './shard-tags.ts';
import { redisWorkerBeats } from './worker-beats.ts';

export interface RedisCheckup extends StoreCheckup, Pick<WorkerBeats, 'workers'> {
  close(): void;
}

const REACH_MS_MAX = 5000;
const LOOK_AGAIN_MS = 100;
const ROUND_TRIPS = 20;
const MESSAGE_LENGTH_MAX = 300;
/** Of a connection: waiting changes nothing. */
const REFUSED = /WRONGPASS|NOAUTH|NOPERM|not accept|certificate|^The Sentinels/i;
/** How Redis says that a user may not, in a script and outside of one. */
const NOT_ALLOWED = /NOPERM|can't run this command|can't access|has no permissions/;

/** Why a Redis that answers takes no writes. */
const NO_WRITES = /OOM|READONLY|MISCONF|NOREPLICAS/;

export function openRedisCheckup(place: RedisPlace): RedisCheckup {
  let lastError: Error | null = null;
  const { redis } = openRedis(place, 'intake', (error) => {
    lastError = error;
  });
  const run = scriptRunner(redis);

  async function lookOnce(): Promise<StoreLook> {
    const writer = writerOf(redis, SHARD_TAG);
    const timed = await timeRoundTrips(writer);
    const first = await lookAt(writer, SHARD_TAG);
    const shards = Number(await redis.get(`${shardBase()}shards`).catch(() => null)) || null;
    return { ...first, ...timed, shards, others: redis === writer ? [] : await lookAtOthers(writer, shards ?? 1) };
  }

  async function lookAt(writer: Redis, tag: string): Promise<ServerLook> {
    const settings = await readSettings(writer);
    return { kind: 'reached', ...settings, ...readRefused(await tryCommands(run, tag)) };
  }

  /** One after the other, each with its first shard; one that does not answer keeps nobody from the rest. */
  async function lookAtOthers(first: Redis, shards: number): Promise<readonly OtherServer[]> {
    const found: OtherServer[] = [];
    const seen = new Set([first]);
    for (const [n, tag] of SHARD_TAGS.slice(0, shards).entries()) {
      let where = `shard ${n + 1}`;
      try {
        const writer = writerOf(redis, tag);
        if (seen.has(writer)) continue;
        seen.add(writer);
        where = `${writer.options.host}:${writer.options.port} (${where})`;
        found.push({ where, look: await lookAt(writer, tag) });
      } catch (error) {
        found.push({ where, look: away(error as Error) });
      }
    }
    return found;
  }

  return {
    look: async () => {
      const until = Date.now() + REACH_MS_MAX;
      for (;;) {
        try {
          return await lookOnce();
        } catch (error) {
          // The client of a cluster closes the connection it began with once it knows the servers.
          // What the connection itself said is more than that there is none. A login that is refused gets no better by waiting.
          const told = lastError ?? (error as Error);
          if (Date.now() > until || REFUSED.test(told.message)) return away(told);
          await sleep(LOOK_AGAIN_MS);
        }
      }
    },
    workers: () => redisWorkerBeats(run, SHARD_TAG).workers(),
    close: () => redis.disconnect(),
  };
}

type Reached = Extract<StoreLook, { kind: 'reached' }>;

function away(error: Error): Extract<StoreLook, { kind: 'away' }> {
  const { code, errors } = error as { code?: unknown; errors?: readonly Error[] };
  const words = error.message || errors?.[0]?.message || (typeof code === 'string' ? code : error.name);
  return { kind: 'away', message: words.slice(0, MESSAGE_LENGTH_MAX).replace(/\.$/, '') };
}

async function timeRoundTrips(redis: Redis): Promise<Pick<Reached, 'roundTripsMs' | 'clock'>> {
  const trips: { readonly tookMs: number; readonly clock: Reached['clock'] }[] = [];
  for (let n = 0; n < ROUND_TRIPS; n++) {
    const [begunMs, wallMs] = [performance.now(), Date.now()];
    const [seconds, micros] = await redis.time();
    const tookMs = performance.now() - begunMs;
    const theirsMs = Number(seconds) * 1000 + Number(micros) / 1000;
    trips.push({ tookMs, clock: { theirsMs, oursMs: wallMs + tookMs / 2 } });
  }
  const sorted = trips.sort((a, b) => a.tookMs - b.tookMs);
  return { roundTripsMs: sorted.map(({ tookMs }) => tookMs), clock: sorted[0]!.clock };
}

async function readSettings(redis: Redis) {
  const asked = async (section: string) => redis.info(section).catch(() => '');
  const [server, memory, persistence, replication] = await Promise.all(
    ['server', 'memory', 'persistence', 'replication'].map(asked),
  );
  const config = await redis.config('GET', 'append*').then(pairsOf, () => new Map<string, string>());
  const value = (info: string | undefined, name: string) =>
    new RegExp(`^${name}:([^\\r\\n]*)`, 'm').exec(info ?? '')?.[1] ?? null;
  const number = (info: string | undefined, name: string) => {
    const text = value(info, name);
    return text === null ? null : Number(text);
  };
  const aof = number(persistence, 'aof_enabled');
  const valkey = value(server, 'valkey_version');
  return {
    product: valkey === null ? ('Redis' as const) : ('Valkey' as const),
    version: valkey ?? value(server, 'redis_version'),
    policy: value(memory, 'maxmemory_policy'),
    bytesMax: number(memory, 'maxmemory'),
    usedBytes: number(memory, 'used_memory'),
    appendOnly: config.get('appendonly') ?? (aof === null ? null : aof === 1 ? 'yes' : 'no'),
    appendFsync: config.get('appendfsync') ?? null,
    appendOnlyBroken: value(persistence, 'aof_last_write_status') === 'err',
    replicas: replication === '' || replication === undefined ? null : countReplicas(replication),
  };
}

function pairsOf(reply: unknown): Map<string, string> {
  const list = (Array.isArray(reply) ? reply : Object.entries(reply as object).flat()) as readonly string[];
  return new Map(list.flatMap((name, n) => (n % 2 === 0 ? [[name, list[n + 1] ?? ''] as const] : [])));
}

async function tryCommands(run: ReturnType<typeof scriptRunner>, tag: string): Promise<readonly string[]> {
  try {
    const [, ...said] = (await run('checkup', [shardBase(tag)], [])) as readonly string[];
    return said;
  } catch (error) {
    const { message } = error as Error;
    if (!NOT_ALLOWED.test(message) && !NO_WRITES.test(message)) throw error;
    return ['EVALSHA', message];
  }
}

/** Commands and errors in turn. */
function readRefused(said: readonly string[]): Pick<ServerLook, 'refused' | 'writeError'> {
  const pairs = Array.from({ length: said.length / 2 }, (_, n) => [said[n * 2]!, said[n * 2 + 1]!] as const);
  const refused = pairs.flatMap(([command, error]) => (NOT_ALLOWED.test(error) ? [command] : []));
  const other = pairs.find(([, error]) => NO_WRITES.test(error));
  return { refused: [...new Set(refused)].sort(), writeError: other?.[1].slice(0, MESSAGE_LENGTH_MAX) ?? null };
}
