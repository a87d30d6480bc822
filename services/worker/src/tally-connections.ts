/* What this worker did for each connection lately: one line each at info, so that a log at its usual level shows that things move. */
import type { Logger } from '@sluice/telemetry';
import type { Delivery } from './deliver-batch.ts';

const EVERY_MS = 10_000;

export interface Tally {
  readonly add: (delivery: Delivery) => void;
  /** Says what was not said yet. */
  stop(): void;
}

interface Counts {
  calls: number;
  entries: number;
  delivered: number;
  retried: number;
  dead: number;
  parked: number;
  throttled: number;
  failed: number;
  milliseconds: number;
}

const COUNT_OF = { ack: 'delivered', requeue: 'retried', deadLetter: 'dead', park: 'parked' } as const;

/** `clock` is monotonic milliseconds. */
export function tallyConnections({ logger, clock }: { readonly logger: Logger; readonly clock: () => number }): Tally {
  let tallies = new Map<string, Counts>();
  let sinceMs = clock();

  function say(): void {
    const [said, seconds] = [tallies, (clock() - sinceMs) / 1000];
    tallies = new Map();
    sinceMs = clock();
    for (const [connection, { milliseconds, ...counts }] of said) {
      const { calls, entries } = counts;
      const fill = Math.round((10 * entries) / calls) / 10;
      const msPerCall = Math.round(milliseconds / calls);
      logger.info({ connection, seconds: Math.round(seconds), ...counts, fill, msPerCall }, 'connection active');
    }
  }

  const timer = setInterval(say, EVERY_MS);
  return {
    add: ({ connectionId, lease, reply, settlement }) => {
      const counts = tallies.get(connectionId) ?? noCounts();
      tallies.set(connectionId, counts);
      counts.calls += 1;
      counts.entries += lease.entries.length;
      for (const { kind } of settlement.entries) counts[COUNT_OF[kind]] += 1;
      if (settlement.call.quota === 'refused') counts.throttled += 1;
      if (settlement.call.failed === true) counts.failed += 1;
      counts.milliseconds += reply?.durationMs ?? 0;
    },
    stop: () => {
      clearInterval(timer);
      say();
    },
  };
}

function noCounts(): Counts {
  return {
    calls: 0,
    entries: 0,
    delivered: 0,
    retried: 0,
    dead: 0,
    parked: 0,
    throttled: 0,
    failed: 0,
    milliseconds: 0,
  };
}
