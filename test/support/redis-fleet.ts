/* Redis as people run it: a cluster of three with a replica each, and a pair watched by Sentinels. Real servers on this machine. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, loginTo, type RedisServer, startRedis, tlsClientArguments } from '@sluice/testing';
import { tlsFilesOf, trustIn } from './redis-env.ts';
import type { RedisElsewhere } from './start-system.ts';

const run = promisify(execFile);
const READY_MS = 60_000;

export async function askRedis(server: Pick<RedisServer, 'port'>, ...command: string[]): Promise<string> {
  return (await run('redis-cli', ['-p', String(server.port), ...command])).stdout;
}

async function askSentinel(server: Pick<RedisServer, 'port'>, password: string | null, ...command: string[]) {
  const login = password === null ? [] : ['--no-auth-warning', '-a', password];
  return askRedis(server, ...login, 'SENTINEL', ...command);
}

/** Waits until a replica has all that its owner has now. */
export async function caughtUp(owner: RedisServer, replica: RedisServer): Promise<void> {
  const offset = async (server: RedisServer, name: string) =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(await askRedis(server, 'INFO', 'replication'))?.[1]);
  const written = await offset(owner, 'master_repl_offset');
  await eventually(async () => (await offset(replica, 'slave_repl_offset')) >= written, {
    withinMs: READY_MS,
    what: 'the replica has everything',
  });
}

export interface RedisCluster extends RedisElsewhere {
  readonly servers: readonly RedisServer[];
  /** The one that holds the slot of this key now. */
  ownerOf(key: string): Promise<RedisServer>;
  replicasOf(owner: RedisServer): Promise<readonly RedisServer[]>;
  stop(): Promise<void>;
}

interface ClusterNode {
  readonly id: string;
  readonly port: number;
  readonly flags: string;
  readonly ownerId: string;
  readonly slots: readonly (readonly [number, number])[];
}

export async function startRedisCluster(args: readonly string[] = []): Promise<RedisCluster> {
  const servers = await Promise.all(
    Array.from({ length: 6 }, () => startRedis({ appendOnly: true, cluster: true, args })),
  );
  // Nodes that talk with TLS are introduced to each other where they listen with it.
  const places = servers.map((server) => `127.0.0.1:${linkPort(server)}`);
  const tls = servers[0]?.tls ?? null;
  const how = tls === null ? [] : tlsClientArguments(tls);
  await run('redis-cli', [...how, '--cluster', 'create', ...places, '--cluster-replicas', '1', '--cluster-yes']);
  const alive = () => servers.find((server) => isAlive(server))!;
  const nodes = async () => readNodes(await askRedis(alive(), 'CLUSTER', 'NODES'));
  const serverOf = ({ port }: ClusterNode) => servers.find((server) => server.port === port)!;
  await eventually(
    async () =>
      (await askRedis(alive(), 'CLUSTER', 'INFO')).includes('cluster_state:ok') &&
      (await nodes()).filter(({ flags }) => flags.includes('slave')).length === 3,
    { withinMs: READY_MS, what: 'the cluster is up' },
  );
  return {
    ...placeOf(`cluster://${places.join(',')}`, tls),
    servers,
    async ownerOf(key) {
      const slot = Number(await askRedis(alive(), 'CLUSTER', 'KEYSLOT', key));
      const owner = (await nodes()).find(({ slots }) => slots.some(([from, to]) => slot >= from && slot <= to));
      if (owner === undefined) throw new Error(`nobody holds slot ${slot}`);
      return serverOf(owner);
    },
    async replicasOf(owner) {
      const all = await nodes();
      const { id } = all.find(({ port }) => port === owner.port)!;
      return all.filter(({ ownerId }) => ownerId === id).map(serverOf);
    },
    stop: async () => {
      await Promise.all(servers.map((server) => server.stop()));
    },
  };
}

function isAlive({ pid }: RedisServer): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** A line: id, address@bus, flags, id of its owner, ping, pong, epoch, link, slots. */
function readNodes(text: string): readonly ClusterNode[] {
  return text
    .trim()
    .split('\n')
    .map((line) => {
      const [id = '', address = '', flags = '', ownerId = '', , , , , ...slots] = line.split(' ');
      return {
        id,
        port: Number(/:(\d+)@/.exec(address)?.[1]),
        flags,
        ownerId,
        slots: slots
          .filter((range) => /^\d/.test(range))
          .map((range) => [Number(range.split('-')[0]), Number(range.split('-').at(-1))] as const),
      };
    });
}

export interface WatchedPair extends RedisElsewhere {
  readonly first: RedisServer;
  readonly second: RedisServer;
  /** The port of the server that the Sentinels name now. */
  namedPort(): Promise<number>;
  stop(): Promise<void>;
}

/** With `sentinelPassword` the Sentinels answer nobody who does not know it (requirepass). */
export async function startWatchedPair(options: { readonly sentinelPassword?: string } = {}): Promise<WatchedPair> {
  const { sentinelPassword: password = null } = options;
  const first = await startRedis({ appendOnly: true });
  const second = await startRedis({ appendOnly: true, args: replicaOf(first) });
  await eventually(async () => (await askRedis(second, 'INFO', 'replication')).includes('master_link_status:up'), {
    withinMs: READY_MS,
    what: 'the replica follows',
  });
  const folder = await mkdtemp(join(tmpdir(), 'sluice-sentinels-'));
  const sentinels = await Promise.all(
    [0, 1, 2].map((n) => startSentinel(join(folder, `${n}.conf`), linkPort(first), password)),
  );
  await eventually(
    async () => {
      const seen = await Promise.all(sentinels.map((one) => askSentinel(one, password, 'CKQUORUM', 'pair')));
      const replicas = await Promise.all(sentinels.map((one) => askSentinel(one, password, 'REPLICAS', 'pair')));
      return (
        seen.every((text) => text.startsWith('OK 3')) && replicas.every((text) => text.includes(`${linkPort(second)}`))
      );
    },
    { withinMs: READY_MS, what: 'three Sentinels know each other and the replica' },
  );
  const places = sentinels.map((server) => `127.0.0.1:${linkPort(server)}`);
  return {
    ...placeOf(`sentinel://${places.join(',')}/pair`, first.tls),
    ...(password !== null && { sentinels: { username: null, password, passwordFile: null } }),
    first,
    second,
    namedPort: async () => {
      const named = Number(
        (await askSentinel(sentinels[0]!, password, 'GET-MASTER-ADDR-BY-NAME', 'pair')).split('\n')[1],
      );
      return [first, second].find((server) => linkPort(server) === named)?.port ?? named;
    },
    stop: async () => {
      await Promise.all([...sentinels, first, second].map((server) => server.stop()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function placeOf(rest: string, tls: RedisServer['tls']): RedisElsewhere {
  const url = loginTo(`redis${tls === null ? '' : 's'}+${rest}`);
  return { url, ...tlsFilesOf(tls), env: { REDIS_URL: url, ...trustIn(tls) } };
}

/** Where others of its kind talk to it. */
function linkPort({ port, tls }: RedisServer): number {
  return tls?.port ?? port;
}

export function replicaOf(owner: RedisServer): readonly string[] {
  return ['--replicaof', '127.0.0.1', String(linkPort(owner))];
}

async function startSentinel(file: string, port: number, password: string | null): Promise<RedisServer> {
  await writeFile(
    file,
    [
      `sentinel monitor pair 127.0.0.1 ${port} 2`,
      'sentinel down-after-milliseconds pair 1000',
      'sentinel failover-timeout pair 5000',
      ...(password === null ? [] : [`requirepass ${password}`]),
    ].join('\n'),
  );
  return startRedis({ configFile: file });
}
