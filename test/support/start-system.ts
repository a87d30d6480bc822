/* A whole Sluice of one test: Redis, emulator, intakes and workers as real processes on free ports. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisStoreOptions, ShardSettings } from '@sluice/store';
import { type RedisOptions, type RedisServer, type Service, spawnService, startRedis } from '@sluice/testing';
import { type EmulatorControl, emulatorControl } from './emulator-control.ts';
import { placeOf, redisEnv } from './redis-env.ts';

export interface SystemOptions {
  readonly workers?: number;
  readonly intakes?: number;
  /** Of every service. */
  readonly env?: Readonly<Record<string, string>>;
  /** PUT /emulator/behavior before anything is sent. */
  readonly behavior?: Readonly<Record<string, unknown>>;
  /** What the configuration file says, in place of the one tenant that variables describe. Relative paths begin at `folder`. */
  readonly configFile?: (emulatorUrl: string, folder: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly redisArgs?: readonly string[];
  readonly redisOptions?: Pick<RedisOptions, 'cluster' | 'tls'>;
  /** Services use this one, in place of the server that is started for them: what they are told, and where tests look. */
  readonly redisElsewhere?: RedisElsewhere;
  /** Absent: one. */
  readonly shards?: ShardSettings;
  /** Run instead of services/worker/src/main.ts. */
  readonly workerFile?: string;
}

export interface RedisElsewhere extends Pick<RedisStoreOptions, 'url' | 'tls' | 'sentinels'> {
  readonly env: Readonly<Record<string, string>>;
}

export interface System {
  readonly redis: RedisServer;
  /** Where the tests themselves look, as the user that services log in as. For more see openAdmin. */
  readonly storePlace: Pick<RedisStoreOptions, 'url' | 'tls' | 'sentinels' | 'shards'>;
  readonly emulator: EmulatorControl;
  readonly emulatorService: Service;
  readonly intakes: Service[];
  readonly workers: Service[];
  readonly env: Readonly<Record<string, string>>;
  startWorker(env?: Readonly<Record<string, string>>): Promise<Service>;
  startIntake(env?: Readonly<Record<string, string>>): Promise<Service>;
  stop(): Promise<void>;
}

/** A service that starts beside others which use all of a small machine. */
const READY_MS = 60_000;
const TENANT = '11111111-2222-4333-8444-555555555555';

/** Faster than in production where only waiting would be tested: a lease of 6 s, a linger of 100 ms, a first rate of 200/s. */
const QUICK = {
  LOG_LEVEL: 'info',
  SLUICE_LINGER_MS: '100',
  SLUICE_CALL_TIMEOUT_MS: '1000',
  SLUICE_LEASE_MS: '6000',
  SLUICE_RATE_INITIAL: '200',
  SLUICE_RETRY_BASE_MS: '50',
  SLUICE_RETRY_CAP_MS: '500',
  SLUICE_SHUTDOWN_MS: '8000',
};

export async function startSystem(options: SystemOptions = {}): Promise<System> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-system-'));
  const redis = await startRedis({
    ...options.redisOptions,
    appendOnly: true,
    args: options.redisArgs ?? [],
  });
  const emulatorService = await spawnService({ service: 'emulator', env: { SLUICE_DATA_DIR: folder } });
  const emulator = emulatorControl(emulatorService.url!);
  await emulator.behave({ rate: null, concurrency: null, latencyMs: [1, 3], ...options.behavior });
  const env = {
    ...QUICK,
    ...(options.redisElsewhere?.env ?? redisEnv(redis)),
    GRAPH_BASE_URL: emulatorService.url!,
    ...(options.configFile === undefined
      ? oneTenant(emulatorService.url!)
      : { SLUICE_CONFIG: await writeConfigFile() }),
    ...(options.shards && { SLUICE_SHARDS: String(options.shards.count) }),
    ...options.env,
  };
  async function writeConfigFile(): Promise<string> {
    const path = join(folder, 'sluice.yaml');
    const content = await options.configFile?.(emulatorService.url!, folder);
    // Every JSON text is YAML.
    await writeFile(path, JSON.stringify(content, null, 2));
    return path;
  }
  const intakes: Service[] = [];
  const workers: Service[] = [];
  async function startIntake(more: Readonly<Record<string, string>> = {}): Promise<Service> {
    const service = await spawnService({ service: 'intake', env: { ...env, ...more }, readyWithinMs: READY_MS });
    intakes.push(service);
    // It listens before Redis has answered if that takes long, and says 503 until it knows how safely Redis keeps things.
    await service.waitFor('durability read', { withinMs: READY_MS });
    return service;
  }
  async function startWorker(more: Readonly<Record<string, string>> = {}): Promise<Service> {
    const place = options.workerFile === undefined ? { service: 'worker' } : { entryFile: options.workerFile };
    const service = await spawnService({ ...place, env: { ...env, ...more }, readyWithinMs: READY_MS });
    workers.push(service);
    return service;
  }
  await Promise.all([
    ...Array.from({ length: options.intakes ?? 1 }, () => startIntake()),
    ...Array.from({ length: options.workers ?? 2 }, () => startWorker()),
  ]);
  return {
    redis,
    storePlace: {
      ...(options.redisElsewhere ?? placeOf(redis)),
      ...(options.shards && { shards: options.shards }),
    },
    emulator,
    emulatorService,
    intakes,
    workers,
    env,
    startWorker,
    startIntake,
    stop: async () => {
      await Promise.all([...intakes, ...workers].map((service) => service.kill('SIGKILL')));
      await emulatorService.kill('SIGKILL');
      await redis.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function oneTenant(emulatorUrl: string): Readonly<Record<string, string>> {
  return {
    GRAPH_TENANT_ID: TENANT,
    GRAPH_CLIENT_ID: randomUUID(),
    GRAPH_CLIENT_SECRET: 'a secret of this test',
    GRAPH_TOKEN_URL: `${emulatorUrl}/${TENANT}/oauth2/v2.0/token`,
  };
}
