/* What drains are measured in: an unlimited Graph, a Redis, and one worker of each kind, all running the whole time. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Service, type ServiceOptions, spawnService } from '@sluice/testing';
import { type EmulatorControl, emulatorControl } from '../../test/support/emulator-control.ts';
import { type BenchRedis, startBenchRedis } from '../support/bench-redis.ts';

/** Calls in flight, of every side. */
export const IN_FLIGHT = 50;
const TENANT = '11111111-2222-4333-8444-555555555555';
/** Nothing is refused and nothing waits: only the speed of the two ends counts. */
const UNLIMITED = { rate: null, concurrency: null, latencyMs: [0, 0] };

export interface DrainSystem {
  readonly redis: BenchRedis;
  readonly graph: Service;
  readonly control: EmulatorControl;
  readonly worker: Service;
  readonly bullmqWorker: Service;
  stop(): Promise<void>;
}

export async function startDrainSystem(): Promise<DrainSystem> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  const redis = await startBenchRedis({ appendOnly: true });
  const services: Service[] = [];
  const start = async (options: ServiceOptions) => {
    const service = await spawnService(options);
    services.push(service);
    return service;
  };
  const stop = async () => {
    await Promise.all(services.map((service) => service.kill('SIGKILL')));
    await redis.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const graph = await start({ service: 'emulator', env: { SLUICE_DATA_DIR: folder } });
    const graphUrl = graph.url!;
    const control = emulatorControl(graphUrl);
    await control.behave(UNLIMITED);
    const worker = await start({ service: 'worker', env: workerEnv(redis.url, graphUrl) });
    const bullmqWorker = await start({
      entryFile: 'bench/baselines/bullmq-worker.ts',
      args: [redis.url, graphUrl, String(IN_FLIGHT)],
    });
    return { redis, graph, control, worker, bullmqWorker, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The quota begins where it cannot be noticed, and no item waits for company. */
function workerEnv(redisUrl: string, graphUrl: string): Record<string, string> {
  return {
    REDIS_URL: redisUrl,
    GRAPH_TENANT_ID: TENANT,
    GRAPH_CLIENT_ID: randomUUID(),
    GRAPH_CLIENT_SECRET: 'a secret of this measurement',
    GRAPH_BASE_URL: graphUrl,
    GRAPH_TOKEN_URL: `${graphUrl}/${TENANT}/oauth2/v2.0/token`,
    SLUICE_INFLIGHT_MAX: String(IN_FLIGHT),
    SLUICE_RATE_INITIAL: '10000',
    SLUICE_LINGER_MS: '0',
  };
}
