/* Redis and the workers behind it: whether it keeps what it is given, answers quickly, and lets its user do what is needed. */
import { type Config, DURABILITIES } from '@sluice/config';
import { type OtherServer, type SeenWorker, type ServerLook, type StoreLook, WORKER_ALIVE_MS } from '@sluice/core';
import { type Finding, findClock, findingsOf, forTime } from './finding.ts';

/** Lua with the flag that lets scripts run on a full Redis. */
const VERSION_MIN = 7;
const SLOW_MS = 5;
const FULL_SHARE = 0.8;
const MIB = 1024 * 1024;
const LEVELS: readonly string[] = DURABILITIES;

export type RedisSettings = Pick<Config, 'durability' | 'durabilityAssume' | 'shards'>;

/** `where`: the address without its password. */
export function findRedis(look: StoreLook, settings: RedisSettings, where: string): readonly Finding[] {
  const { fail } = findingsOf('redis');
  if (look.kind === 'away')
    return [fail(`Redis at ${where} cannot be used: ${look.message}.`, adviseAway(look.message))];
  return [
    ...findServer(look, where),
    findMemory(look),
    findDurability(look, settings),
    ...findRights(look),
    ...findShards(look, settings),
    ...findOthers(look, settings),
    ...findClock('redis', 'Redis’s', look.clock),
  ];
}

type Reached = Extract<StoreLook, { kind: 'reached' }>;

function adviseAway(message: string): string {
  if (/^The Sentinels know no/.test(message))
    return 'Ask one of them what it watches: redis-cli -p 26379 sentinel masters';
  if (/^The Sentinels/.test(message)) {
    return 'Put the Sentinels’ own password into REDIS_SENTINEL_PASSWORD (or name its file with REDIS_SENTINEL_PASSWORD_FILE), and a user other than default into REDIS_SENTINEL_USERNAME. The login in REDIS_URL is that of the server.';
  }
  if (/WRONGPASS|NOAUTH|NOPERM|does not accept/.test(message)) {
    return 'Correct user and password in REDIS_URL (redis://user:password@host:port, special characters percent-encoded); deploy/redis/sluice.acl is the user to create.';
  }
  if (/certificate|self[- ]signed|SSL|TLS/i.test(message)) {
    return 'Name the certificate of its authority with REDIS_CA_FILE; the host in REDIS_URL must be the name in the certificate; rediss:// is TLS, redis:// is not.';
  }
  if (/ENOTFOUND|EAI_AGAIN/.test(message))
    return 'The host of REDIS_URL is not found from here: correct it, or run the doctor where the workers run.';
  return 'Start Redis, or correct REDIS_URL; a firewall may stand between. Try: redis-cli -u "$REDIS_URL" ping';
}

/** What is wrong with them one by one, and in one line that nothing is. */
function findOthers({ others }: Reached, settings: RedisSettings): readonly Finding[] {
  if (others.length === 0) return [];
  const { ok } = findingsOf('redis');
  const wrong = others.flatMap((other) => findOther(other, settings));
  const addresses = others.map(({ where }) => where).join(', ');
  return wrong.length > 0 ? wrong : [ok(`The other servers that hold shards are as they must be: ${addresses}.`)];
}

function findOther({ where, look }: OtherServer, settings: RedisSettings): readonly Finding[] {
  const { fail } = findingsOf('redis');
  if (look.kind === 'away') {
    const remedy = 'Start it or one of its replicas; the tenants of its shards wait until then, the others do not.';
    return [fail(`The server at ${where} cannot be used: ${look.message}.`, remedy)];
  }
  const found = [findMemory(look), findDurability(look, settings), ...findRights(look)];
  return found.flatMap((one) => (one.state === 'ok' ? [] : [{ ...one, text: `At ${where}: ${one.text}` }]));
}

function findServer({ product, version, roundTripsMs }: Reached, where: string): readonly Finding[] {
  const { ok, warn, fail } = findingsOf('redis');
  const medianMs = roundTripsMs[Math.floor(roundTripsMs.length / 2)] ?? 0;
  const slow = medianMs > SLOW_MS;
  const trip = `a round trip takes ${medianMs.toFixed(1)} ms`;
  const major = Number(version?.split('.')[0] ?? Number.NaN);
  const old =
    major < VERSION_MIN
      ? [fail(`Redis at ${where} is version ${version}.`, `Sluice needs Redis ${VERSION_MIN} or later.`)]
      : [];
  const reached = `${product} ${version ?? 'of an unknown version'} answers at ${where}; ${trip}.`;
  const far =
    'Every request and every call waits for several of them: put Redis into the same zone as the services, and see whether the machine is overloaded (redis-cli --latency).';
  return [...old, slow ? warn(reached, far) : ok(reached)];
}

function findMemory({ policy, bytesMax, usedBytes, writeError }: ServerLook): Finding {
  const { ok, warn, fail } = findingsOf('redis');
  if (writeError !== null) return fail(`Redis does not take writes: ${writeError}.`, adviseWrite(writeError));
  const limit = bytesMax === null || bytesMax === 0 ? null : bytesMax;
  if (policy !== null && policy !== 'noeviction') {
    return fail(
      `Redis may throw activities away: maxmemory-policy is ${policy}${limit === null ? ', and no maxmemory is set yet' : ''}.`,
      'Set it: redis-cli config set maxmemory-policy noeviction, and in redis.conf (or the parameter group of a managed Redis). Sluice needs a Redis of its own, not one that is a cache.',
    );
  }
  const used = usedBytes === null ? 'unknown' : `${Math.round(usedBytes / MIB)} MiB`;
  if (limit === null)
    return ok(
      `Nothing is evicted (${policy ?? 'policy not shown'}); ${used} in use, no maxmemory: the machine’s memory is the limit (docs/operations.md, How large).`,
    );
  const text = `${used} of ${Math.round(limit / MIB)} MiB are in use; nothing is evicted (${policy ?? 'policy not shown'}).`;
  const tight = usedBytes !== null && usedBytes > FULL_SHARE * limit;
  return tight
    ? warn(
        text,
        'From four fifths of maxmemory on the intake answers 503. Raise maxmemory, or let workers empty the backlog.',
      )
    : ok(text);
}

function adviseWrite(error: string): string {
  if (error.includes('READONLY'))
    return 'It is a replica: name the server that writes, or the Sentinels (redis+sentinel://) or the Cluster (redis+cluster://).';
  if (error.includes('OOM')) return 'Its maxmemory is used up: raise it, or let workers empty the backlog.';
  return 'Its own log says why; often its disk is full.';
}

function findDurability(
  { appendOnly, appendFsync, appendOnlyBroken, replicas }: ServerLook,
  settings: RedisSettings,
): Finding {
  const { ok, warn, fail } = findingsOf('redis');
  const { durability, durabilityAssume } = settings;
  const level = levelOf(appendOnly, appendFsync);
  if (appendOnlyBroken)
    return fail('Redis cannot write its append-only file.', 'Its disk is full or read-only; its log says why.');
  const counted = level === 'unknown' && durabilityAssume !== null ? durabilityAssume : level;
  const set = `appendonly ${appendOnly ?? 'not shown'}, appendfsync ${appendFsync ?? 'not shown'}`;
  const isReplicated = durability === 'replicated';
  // A replica's word is waited for with each request: that there is one now is all that can be seen from here.
  if (isReplicated && replicas === 0 && durabilityAssume !== 'replicated') {
    return fail(
      'SLUICE_DURABILITY is replicated, and Redis has no replica that answers: nothing is accepted.',
      'Attach a replica (replicaof), or promise less: SLUICE_DURABILITY=fsync.',
    );
  }
  const wanted = isReplicated ? 'fsync' : durability;
  if (LEVELS.indexOf(counted) < LEVELS.indexOf(wanted)) {
    const remedy =
      level === 'unknown'
        ? 'A managed Redis that hides its settings: vouch for what its contract says with SLUICE_DURABILITY_ASSUME, or promise less with SLUICE_DURABILITY.'
        : `Set appendonly yes and appendfsync ${wanted === 'fsync' ? 'always' : 'everysec'} (redis-cli config set, and redis.conf), or promise less: SLUICE_DURABILITY=${level}.`;
    return fail(
      `Redis keeps less safely than SLUICE_DURABILITY (${durability}) promises: ${set}. The intake accepts nothing.`,
      remedy,
    );
  }
  if (counted !== level)
    return warn(`Redis hides how safely it keeps things; SLUICE_DURABILITY_ASSUME vouches for ${counted}.`);
  return ok(`Redis keeps what a 202 promises (${durability}): ${set}.`);
}

function levelOf(appendOnly: string | null, appendFsync: string | null): string {
  if (appendOnly === 'no') return 'memory';
  if (appendOnly === null || appendFsync === null) return 'unknown';
  return appendFsync === 'always' ? 'fsync' : appendFsync === 'everysec' ? 'fsync-1s' : 'memory';
}

function findShards({ shards }: Reached, settings: RedisSettings): readonly Finding[] {
  const { ok, fail } = findingsOf('redis');
  if (shards === null) return [];
  if (shards === settings.shards)
    return shards === 1 ? [] : [ok(`What is stored lies in ${shards} shards, as SLUICE_SHARDS says.`)];
  return [
    fail(
      `SLUICE_SHARDS is ${settings.shards} here, and what is stored lies in ${shards} shards: no service starts with this.`,
      `Set SLUICE_SHARDS=${shards}. It can be changed when nothing is pending, dead or parked any more and every service has been stopped.`,
    ),
  ];
}

function findRights({ refused }: ServerLook): readonly Finding[] {
  const { ok, fail } = findingsOf('redis');
  if (refused.length === 0) return [ok('Its user may do what Sluice needs.')];
  return [
    fail(
      `The user of REDIS_URL may not give ${refused.join(', ')}.`,
      'Load the user that is shipped, deploy/redis/sluice.acl, or add these commands: redis-cli acl setuser sluice +COMMAND.',
    ),
  ];
}

export function findWorkers(
  seen: { readonly nowMs: number; readonly workers: readonly SeenWorker[] },
  version: string,
): readonly Finding[] {
  const { ok, warn, fail } = findingsOf('workers');
  const alive = seen.workers.filter(({ seenMs }) => seen.nowMs - seenMs < WORKER_ALIVE_MS);
  const last = Math.max(...seen.workers.map(({ seenMs }) => seenMs));
  if (alive.length === 0) {
    const ago = seen.workers.length === 0 ? 'within the last hour' : `for ${forTime(seen.nowMs - last)}`;
    return [
      fail(
        `No worker was seen ${ago}: what is accepted waits, nothing is delivered.`,
        'Start one: npx sluice worker, with the same REDIS_URL and the GRAPH_ settings. If one runs, its log says why it does not reach Redis; exit code 78 is a wrong setting.',
      ),
    ];
  }
  const names = alive.map(({ host, version: its }) => `${host} (${its || 'unknown version'})`);
  const others = alive.filter((worker) => worker.version !== version);
  const text = `${alive.length === 1 ? 'One worker is' : `${alive.length} workers are`} at work: ${[...new Set(names)].slice(0, 10).join(', ')}.`;
  return [
    others.length === 0
      ? ok(text)
      : warn(text, `This is sluice ${version}: let all run one version when the upgrade is over.`),
  ];
}
