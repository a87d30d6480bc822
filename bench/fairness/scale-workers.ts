/*
  One worker and then four, in turns, where Graph is slow and without limit: what a worker can do is its calls in flight ÷ the
  latency, so four can do four times as much, if the store and the queue let them.
*/
import { setTimeout as pass } from 'node:timers/promises';
import type { Service } from '@sluice/testing';
import { type Spread, spreadOf } from '../support/spread.ts';
import { type Fleet, startFleet } from './fleet.ts';

const CONNECTIONS = Array.from({ length: 40 }, (_, n) => `wide${n}`);
const CALLS_MAX = 50;
const LATENCY_MS = 200;
const MANY = 4;
/** Entries a call: the processors are to be free for calls. */
const CALL_ENTRIES = 2;
const RATE = 1000;

export interface Scaled {
  /** Calls a second. */
  readonly one: Spread;
  readonly many: Spread;
  readonly ratio: Spread;
  /** What Little's law gives one worker. */
  readonly bound: number;
}

export interface ScaleOptions {
  readonly rounds: number;
  readonly settleS: number;
  readonly measureS: number;
  readonly say: (text: string) => void;
}

export async function measureScaling({ rounds, settleS, measureS, say }: ScaleOptions): Promise<Scaled> {
  const bound = (CALLS_MAX * 1000) / LATENCY_MS;
  const fleet = await startFleet({
    connections: Object.fromEntries(CONNECTIONS.map((id) => [id, {}])),
    env: {
      SLUICE_BATCH_MAX: String(CALL_ENTRIES),
      SLUICE_WORKER_CALLS_MAX: String(CALLS_MAX),
      SLUICE_RATE_INITIAL: String(RATE),
    },
    behavior: { latencyMs: [LATENCY_MS, LATENCY_MS] },
  });
  try {
    const seconds = rounds * (settleS + measureS + 2);
    const each = Math.ceil((seconds * bound * (MANY + 1) * CALL_ENTRIES) / CONNECTIONS.length);
    for (const id of CONNECTIONS) await fleet.fill(id, { activities: each, items: 200 });
    const one: number[] = [];
    const many: number[] = [];
    await fleet.system.startWorker();
    for (let round = 1; round <= rounds; round++) {
      one.push(await rateNow(fleet, settleS, measureS));
      const more: Service[] = [];
      for (let started = 1; started < MANY; started++) more.push(await fleet.system.startWorker());
      many.push(await rateNow(fleet, settleS, measureS));
      say(`  round ${round} of ${rounds}: ${one.at(-1)!.toFixed(0)} calls/s, then ${many.at(-1)!.toFixed(0)}`);
      await Promise.all(more.map((service) => service.kill('SIGTERM')));
    }
    return {
      one: spreadOf(one),
      many: spreadOf(many),
      ratio: spreadOf(many.map((rate, at) => rate / one[at]!)),
      bound,
    };
  } finally {
    await fleet.stop();
  }
}

async function rateNow(fleet: Fleet, settleS: number, measureS: number): Promise<number> {
  await pass(settleS * 1000);
  const rates = await fleet.count(CONNECTIONS, measureS);
  return rates.reduce((sum, rate) => sum + rate, 0);
}
