/* A Redis that is away fails thousands of times a second: one line a second says as much. */
import type { Logger } from '@sluice/telemetry';

const EVERY_MS = 1000;

export function limitLogs(logger: Logger): (error: unknown) => void {
  let last = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return (error) => {
    const now = performance.now();
    if (now - last < EVERY_MS) {
      unsaid += 1;
      return;
    }
    logger.error({ err: error, unsaid }, 'worker error');
    last = now;
    unsaid = 0;
  };
}
