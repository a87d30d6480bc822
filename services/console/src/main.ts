/* The console as a process: configuration, signals, exit codes. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, ConfigError, isLoopback, loadConfig } from '@sluice/config';
import { ListenError, listen, stopServer } from '@sluice/http';
import { openWakeups } from '@sluice/scheduler';
import { openRedisStore, SHARD_TAG } from '@sluice/store';
import { createLogger, createMetrics, limitLogs } from '@sluice/telemetry';
import { buildConsole } from './build-console.ts';
import { watchRates } from './watch-rates.ts';
import { watchStore } from './watch-store.ts';

const PORT_DEFAULT = 8081;
const VERSION = '0.1.0';
/** Of the time a stop may take, left for closing what is behind the server. */
const CLOSE_MS = 1000;

async function main(): Promise<void> {
  const { config, warnings } = loadConfig(process.env, { needs: { callers: true } });
  const logger = createLogger('console', config.logLevel);
  for (const warning of warnings) logger.warn({ warning }, 'a setting is not known');
  const { server, close } = openConsole(config, logger);
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

function openConsole(config: Config, logger: ReturnType<typeof createLogger>) {
  const onError = limitLogs(logger, 'Redis connection failed');
  // Like an intake: whoever asks has an answer or an error at once, and nothing waits in memory for a Redis that is away.
  const store = openRedisStore({ url: config.redisUrl, role: 'intake', onError });
  const wakeups = openWakeups({ store, onError });
  const clock = () => performance.now();
  const watch = watchStore({ store, clock });
  const rates = watchRates({ store });
  const server = buildConsole({
    config,
    store,
    scheduler: wakeups,
    watch,
    rates,
    logger,
    metrics: createMetrics('console', VERSION),
    shardTag: SHARD_TAG,
    requestId: randomUUID,
    // Bound to this machine, a foreign name in Host is a web page's doing; bound elsewhere, callers use the names we have there.
    hostsAllowed: isLoopback(config.listen.bind) ? 'local' : 'any',
  });
  async function close(): Promise<void> {
    watch.stop();
    rates.stop();
    await wakeups.close();
    await store.close();
  }
  return { server, close };
}

try {
  await main();
} catch (error) {
  // A start that fails is for the operator's terminal: one message, no stack.
  if (!(error instanceof ConfigError || error instanceof ListenError)) throw error;
  console.error(error.message);
  process.exit(error.exitCode);
}
