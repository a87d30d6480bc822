/* The intake as a process. */
import { randomUUID } from 'node:crypto';
import { openAccess } from '@sluice/access';
import { type Config, isLoopback, loadConfig, shardSettings } from '@sluice/config';
import type { Access } from '@sluice/core';
import { endService, openTls, REACH_MS, runService, type TlsFiles, watchStore } from '@sluice/http';
import { openWakeups } from '@sluice/scheduler';
import { openRedisStore } from '@sluice/store';
import { createLogger, createMetrics, limitLogs, openTracing, type Tracing } from '@sluice/telemetry';
import { buildIntake } from './build-intake.ts';
import { durabilityRules, promiseDurability } from './promise-durability.ts';
import { createRandomBytes } from './random-bytes.ts';
import { watchMemory } from './watch-memory.ts';

const PORT_DEFAULT = 8080;
const VERSION = '0.1.0';

await runService(async () => {
  const { config, warnings } = loadConfig(process.env, { needs: { callers: true } });
  const logger = createLogger('intake', config.logLevel);
  const reachable = !isLoopback(config.listen.bind);
  const access = await openAccess({ config: config.access, reachable, logger });
  const tls = await openTls(config.tls, logger);
  logger.info({ access: access.describe() }, 'who may ask');
  const tracing = await openTracing(process.env, {
    service: 'intake',
    version: VERSION,
    onLost: (err) => logger.warn({ err }, 'the collector does not take traces; they are lost until it does'),
  });
  const { server, watch, close } = openIntake({ config, access, tls, tracing, logger });
  await watch.reach(REACH_MS);
  if (!watch.ready().ready) logger.warn({}, 'Redis has not been reached yet; until it is, activities are answered 503');
  const listenAt = { host: config.listen.bind, port: config.listen.port ?? PORT_DEFAULT };
  return { logger, server, listenAt, warnings, shutdownMs: config.shutdownMs, close };
});

interface IntakeProcess {
  readonly config: Config;
  readonly access: Access;
  readonly tls: TlsFiles | null;
  readonly tracing: Tracing;
  readonly logger: ReturnType<typeof createLogger>;
}

function openIntake({ config, access, tls, tracing, logger }: IntakeProcess) {
  const onError = limitLogs(logger, 'Redis connection failed');
  const store = openRedisStore({
    ...config.redis,
    shards: shardSettings(config),
    onUnusable: endService,
    role: 'intake',
    onError,
    ...(config.durability === 'replicated' && { replicated: { vouched: config.durabilityAssume === 'replicated' } }),
  });
  const wakeups = openWakeups({ store, onError });
  const watch = watchStore({
    store,
    clock: () => performance.now(),
    logger,
    isEnough: (read) => promiseDurability(read, durabilityRules(config)).kept,
  });
  const memory = watchMemory({
    read: () => store.memory(),
    clock: () => performance.now(),
    chance: Math.random,
    onChange: (full, { usedBytes, bytesMax }) => {
      if (full) logger.warn({ usedBytes, bytesMax }, 'Redis is nearly full; activities are answered 503');
      else logger.info({ usedBytes, bytesMax }, 'Redis has room again');
    },
  });
  const server = buildIntake({
    config,
    store,
    quotas: store,
    scheduler: wakeups,
    watch,
    memory,
    logger,
    metrics: createMetrics('intake', VERSION),
    lane: randomUUID().replaceAll('-', ''),
    shardTagOf: store.shardTagOf,
    randomBytes: createRandomBytes(),
    requestId: randomUUID,
    access,
    tls,
    tracing,
    // Without keys a foreign name in Host is a web page's doing; bound elsewhere, callers use the names we have there.
    hostsAllowed: isLoopback(config.listen.bind) && !access.required ? 'local' : 'any',
  });
  async function close(): Promise<void> {
    access.close();
    tls?.close();
    watch.stop();
    memory.stop();
    await wakeups.close();
    await Promise.all([store.close(), tracing?.close()]);
  }
  return { server, watch, close };
}
