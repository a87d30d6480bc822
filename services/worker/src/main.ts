/* The worker process: its configuration, its health port, its signals. */
import { randomUUID } from 'node:crypto';
import { ConfigError, loadConfig } from '@sluice/config';
import { buildServer, ListenError, listen, stopServer } from '@sluice/http';
import { createLogger, createMetrics } from '@sluice/telemetry';
import { startWorker } from './start-worker.ts';
import { watchReadiness } from './watch-readiness.ts';

const PORT_DEFAULT = 9464;
const BODY_BYTES_MAX = 1024;
/** Of the time a stop may take, left for closing connections. */
const CLOSE_MS = 1000;

async function main(): Promise<void> {
  const { config, warnings } = loadConfig(process.env, { needs: { graph: true } });
  const logger = createLogger('worker', config.logLevel);
  for (const warning of warnings) logger.warn({ warning }, 'a setting is not known');
  const metrics = createMetrics('worker', '0.1.0');
  const worker = startWorker({ config, logger, metrics });
  const readiness = watchReadiness(worker.ping);
  const server = buildServer({
    logger,
    requestId: randomUUID,
    hostsAllowed: 'any',
    bodyBytesMax: BODY_BYTES_MAX,
    health: { ready: readiness.ready, metrics: metrics.render },
  });
  const url = await listen(server, { host: config.listen.bind, port: config.listen.port ?? PORT_DEFAULT });
  logger.info({ url }, 'listening');
  logger.info({}, 'started');

  let stopping = false;
  async function stop(signal: string): Promise<void> {
    if (stopping) process.exit(1);
    stopping = true;
    logger.info({ signal }, 'stopping');
    readiness.stop();
    // Calls in flight first: the health port answers until nothing is left to lose.
    await worker.stop(config.shutdownMs - CLOSE_MS);
    await stopServer(server, CLOSE_MS);
    logger.info({}, 'stopped');
    process.exit(0);
  }
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => void stop(signal));
}

try {
  await main();
} catch (error) {
  // A start that fails is for the operator's terminal: one message, no stack.
  if (!(error instanceof ConfigError || error instanceof ListenError)) throw error;
  console.error(error.message);
  process.exit(error.exitCode);
}
