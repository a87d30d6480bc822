/* What fails thousands of times a second is said once a second, with how often it went unsaid. */
import type { Logger } from './logger.ts';

const EVERY_MS = 1000;

export function limitLogs(
  logger: Logger,
  text: string,
  clock: () => number = () => performance.now(),
): (error: unknown) => void {
  let saidAtMs = Number.NEGATIVE_INFINITY;
  let unsaid = 0;
  return (error) => {
    const nowMs = clock();
    if (nowMs - saidAtMs < EVERY_MS) {
      unsaid++;
      return;
    }
    logger.warn({ err: error, unsaid }, text);
    saidAtMs = nowMs;
    unsaid = 0;
  };
}
