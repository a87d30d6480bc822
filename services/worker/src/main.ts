/* The worker as a process, with a port for its health and its series. */
import { randomUUID } from 'node:crypto';
import { loadConfig } from '@sluice/config';
import { buildServer, endService, runService, watchStore } from '@sluice/http';
import { createLogger, createMetrics, openTracing } from '@sluice/telemetry';
import { startWorker } from './start-worker.ts';

const PORT_DEFAULT = 9464;
const VERSION = '0.1.0';
const BODY_BYTES_MAX = 1024;

await runService(async () => {
  const { config, warnings } = loadConfig(process.env, { needs: { graph: true } });
  const logger = createLogger('worker', config.logLevel);
  const metrics = createMetrics('worker', VERSION);
  const tracing = await openTracing(process.env, {
    service: 'worker',
    version: VERSION,
    onLost: (err) => logger.warn({ err }, 'the collector does not take traces; they are lost until it does'),
  });
  const worker = startWorker({ config, logger, metrics, tracing, version: VERSION, onUnusable: endService });
  const watch = watchStore({ store: worker.store, clock: () => performance.now(), logger });
  const server = buildServer({
    logger,
    requestId: randomUUID,
    hostsAllowed: 'any',
    bodyBytesMax: BODY_BYTES_MAX,
    health: { ready: watch.ready, metrics: metrics.render },
  });
  return {
    logger,
    server,
    listenAt: { host: config.listen.bind, port: config.listen.port ?? PORT_DEFAULT },
    warnings,
    shutdownMs: config.shutdownMs,
    // Calls in flight first: the health port answers until nothing is left to lose.
    finish: worker.stop,
    close: async () => {
      watch.stop();
      await tracing?.close();
    },
  };
});
