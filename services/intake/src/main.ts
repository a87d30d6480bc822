/* The intake as a process: configuration, signals, exit codes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, ConfigError, isLoopback, loadConfig } from '@sluice/config';
import { ListenError, listen, stopServer } from '@sluice/http';
import { openWakeups } from '@sluice/scheduler';
import { openRedisStore, SHARD_TAG } from '@sluice/store';
import { createLogger, createMetrics, limitLogs } from '@sluice/telemetry';
import { buildIntake } from './build-intake.ts';
import { createRandomBytes } from './random-bytes.ts';
import { watchStore } from './watch-store.ts';

/** A Redis that starts at the same moment is waited for so long; after that callers are told, not kept waiting. */
const REACH_MS = 2000;
const PORT_DEFAULT = 8080;
const VERSION = '0.1.0';
/** Of the time a stop may take, left for closing what is behind the server. */
const CLOSE_MS = 1000;

async function main(): Promise<void> {
  const { config, warnings } = loadConfig(process.env, { needs: { callers: true } });
  const logger = createLogger('intake', config.logLevel);
  for (const warning of warnings) logger.warn({ warning }, 'a setting is not known');
  const { server, watch, close } = openIntake(config, logger);
  await watch.reach(REACH_MS);
  if (!watch.ready().ready) logger.warn({}, 'Redis has not been reached yet; until it is, activities are answered 503');
  const url = await listen(server, { host: config.listen.bind, port: config.listen.port ?? PORT_DEFAULT });
  logger.info({ url }, 'listening');
  logger.info({}, 'started');

  let stopping = false;
  async function stop(signal: string): Promise<void> {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    await stopServer(server, Math.max(0, config.shutdownMs - CLOSE_MS));
    await Promise.race([close().catch(() => {}), sleep(CLOSE_MS)]);
    logger.info({}, 'stopped');
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
}

function openIntake(config: Config, logger: ReturnType<typeof createLogger>) {
  const onError = limitLogs(logger, 'Redis connection failed');
  const store = openRedisStore({ url: config.redisUrl, role: 'intake', onError });
  const wakeups = openWakeups({ store, onError });
  const watch = watchStore({ store, clock: () => performance.now(), logger });
  const server = buildIntake({
    config,
    store,
    scheduler: wakeups,
    watch,
    logger,
    metrics: createMetrics('intake', VERSION),
    lane: randomUUID().replaceAll('-', ''),
    shardTag: SHARD_TAG,
    randomBytes: createRandomBytes(),
    requestId: randomUUID,
    // Bound to this machine, a foreign name in Host is a web page's doing; bound elsewhere, callers use the names we have there.
    hostsAllowed: isLoopback(config.listen.bind) ? 'local' : 'any',
  });
  async function close(): Promise<void> {
    watch.stop();
    await wakeups.close();
    await store.close();
  }
  return { server, watch, close };
}

try {
  await main();
} catch (error) {
  // A start that fails is for the operator's terminal: one message, no stack.
  if (!(error instanceof ConfigError || error instanceof ListenError)) throw error;
  console.error(error.message);
  process.exit(error.exitCode);
}
