/* The Redis of a measurement: one server for all sides, emptied before each round, its append-only file as well. */
import { eventually, startRedis } from '@sluice/testing';
import { Redis } from 'ioredis';

export type Fsync = 'everysec' | 'always';

export interface BenchRedis {
  /** Of the default user: the other sides know nothing of Sluice's. */
  readonly url: string;
  readonly pid: number;
  readonly client: Redis;
  readonly version: string;
  /** Empties it and sets appendfsync; answers when the work of emptying is over. */
  prepare(fsync: Fsync): Promise<void>;
  /** The numbers of a section of INFO, by name. */
  info(section: string): Promise<ReadonlyMap<string, string>>;
  stop(): Promise<void>;
}

const QUIET_MS_MAX = 60_000;

export async function startBenchRedis({ appendOnly }: { readonly appendOnly: boolean }): Promise<BenchRedis> {
  // A rewrite of the append-only file in the middle of a round would be measured with it; prepare() does it between rounds.
  const args = appendOnly ? ['--appendfsync', 'everysec', '--auto-aof-rewrite-percentage', '0'] : [];
  const server = await startRedis({ appendOnly, args });
  const client = new Redis(server.adminUrl, { maxRetriesPerRequest: null });
  client.on('error', () => {});

  async function info(section: string): Promise<ReadonlyMap<string, string>> {
    const lines = (await client.info(section)).split('\r\n').filter((line) => line.includes(':'));
    return new Map(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
  }

  async function isQuiet(): Promise<boolean> {
    const memory = await info('memory');
    const persistence = await info('persistence');
    return memory.get('lazyfree_pending_objects') === '0' && persistence.get('aof_rewrite_in_progress') === '0';
  }

  return {
    url: server.adminUrl,
    pid: server.pid,
    client,
    version: (await info('server')).get('redis_version') ?? 'unknown',
    info,
    prepare: async (fsync) => {
      await client.flushall('ASYNC');
      if (appendOnly) {
        await client.config('SET', 'appendfsync', fsync);
        await eventually(() => client.bgrewriteaof(), {
          withinMs: QUIET_MS_MAX,
          what: 'Redis begins to rewrite its file',
        });
      }
      await eventually(isQuiet, { withinMs: QUIET_MS_MAX, what: 'Redis has emptied itself' });
    },
    stop: async () => {
      client.disconnect();
      await server.stop();
    },
  };
}
