/* The console as a process. */
import { randomUUID } from 'node:crypto';
import { openAccess } from '@sluice/access';
import { type Config, isLoopback, loadConfig, shardSettings } from '@sluice/config';
import type { Access } from '@sluice/core';
import { endService, openTls, REACH_MS, runService, type TlsFiles, watchStore } from '@sluice/http';
import { openBoard, openWakeups } from '@sluice/scheduler';
import { openRedisStore } from '@sluice/store';
import { createLogger, createMetrics, limitLogs } from '@sluice/telemetry';
import { openAlerts } from './alerts/open-alerts.ts';
import { buildConsole } from './build-console.ts';
import { watchFleet } from './live/watch-fleet.ts';
import { loadPage, type Page } from './page/build-page.ts';
import { QUEUES_LINE, QUEUES_PATH } from './queue-routes.ts';

const PORT_DEFAULT = 8081;
const VERSION = '0.1.0';

await runService(async () => {
  const { config, warnings } = loadConfig(process.env, { needs: { callers: true } });
  const logger = createLogger('console', config.logLevel);
  const reachable = !isLoopback(config.listen.bind);
  const access = await openAccess({ config: config.access, reachable, logger });
  const tls = await openTls(config.tls, logger);
  logger.info({ access: access.describe() }, 'who may ask');
  const { server, watch, close } = openConsole({ config, access, tls, logger, page: await loadPage() });
  await watch.reach(REACH_MS);
  if (!watch.ready().ready) logger.warn({}, 'Redis has not been reached yet; until it is, there is nothing to show');
  const listenAt = { host: config.listen.bind, port: config.listen.port ?? PORT_DEFAULT };
  return { logger, server, listenAt, warnings, shutdownMs: config.shutdownMs, close };
});

interface ConsoleProcess {
  readonly config: Config;
  readonly access: Access;
  readonly tls: TlsFiles | null;
  readonly logger: ReturnType<typeof createLogger>;
  readonly page: Page;
}

function openConsole({ config, access, tls, logger, page }: ConsoleProcess) {
  const onError = limitLogs(logger, 'Redis connection failed');
  // Like an intake: whoever asks has an answer or an error at once, and nothing waits in memory for a Redis that is away.
  const store = openRedisStore({
    ...config.redis,
    shards: shardSettings(config),
    onUnusable: endService,
    role: 'intake',
    onError,
    ...(config.durability === 'replicated' && { replicated: { vouched: config.durabilityAssume === 'replicated' } }),
  });
  const wakeups = openWakeups({ store, onError });
  const clock = () => performance.now();
  const board = openBoard({ store, basePath: QUEUES_PATH, line: QUEUES_LINE, onError });
  const watch = watchStore({ store, clock, logger });
  const tenants = config.tenants.map((tenant) => tenant.name);
  const fleet = watchFleet({ store, tenants, clock: Date.now });
  const server = buildConsole({
    config,
    store,
    scheduler: wakeups,
    watch,
    fleet,
    page,
    board,
    logger,
    metrics: createMetrics('console', VERSION),
    shardTagOf: store.shardTagOf,
    requestId: randomUUID,
    access,
    tls,
    auditLog: store,
    sessionStore: store,
    // Without keys a foreign name in Host is a web page's doing; bound elsewhere, callers use the names we have there.
    hostsAllowed: isLoopback(config.listen.bind) && !access.required ? 'local' : 'any',
  });
  const alerts = openAlerts({ config, store, fleet, logger });
  async function close(): Promise<void> {
    alerts.stop();
    access.close();
    tls?.close();
    watch.stop();
    fleet.stop();
    await board.close();
    await wakeups.close();
    await store.close();
  }
  return { server, watch, close };
}
