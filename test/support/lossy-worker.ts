/* A worker that throws away every tenth wake-up it should add, of any kind. */
import { loadConfig } from '@sluice/config';
import type { Wakeups } from '@sluice/scheduler';
import { createLogger, createMetrics } from '@sluice/telemetry';
import { startWorker } from '../../services/worker/src/start-worker.ts';

const LOST_EVERY = 10;

function lossy(wakeups: Wakeups): Wakeups {
  let asked = 0;
  const lost = () => ++asked % LOST_EVERY === 0;
  return {
    wake: async (connectionId, atMs) => (lost() ? undefined : wakeups.wake(connectionId, atMs)),
    spread: async (connectionId) => (lost() ? undefined : wakeups.spread(connectionId)),
    repair: async (connectionId) => (lost() ? undefined : wakeups.repair(connectionId)),
    onRefused: wakeups.onRefused,
    close: () => wakeups.close(),
  };
}

const { config } = loadConfig(process.env, { needs: { graph: true } });
const logger = createLogger('lossy-worker', config.logLevel);
startWorker({ config, logger, metrics: createMetrics('worker', 'test'), wrapWakeups: lossy });
logger.info({}, 'started');
