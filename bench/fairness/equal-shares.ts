/* Many connections of one tenant, each with a limit of its own and always something to send, on two workers: does each get its part? */
import { setTimeout as pass } from 'node:timers/promises';
import { startFleet } from './fleet.ts';

const CONNECTIONS = Array.from({ length: 100 }, (_, n) => `equal${n}`);
const WORKERS = 2;
/** Entries a call: what a call carries costs processor time and says nothing about fairness. */
const CALL_ENTRIES = 2;

export interface EqualShares {
  readonly name: string;
  /** 1 when all have the same share, 1 ÷ n when one has everything (Jain, Chiu, Hawe 1984). */
  readonly jain: number;
  readonly least: number;
  readonly most: number;
  readonly used: number;
}

export function jainOf(shares: readonly number[]): number {
  const sum = shares.reduce((total, share) => total + share, 0);
  return sum ** 2 / (shares.length * shares.reduce((total, share) => total + share ** 2, 0));
}

export interface EqualOptions {
  /** Calls a second of each: configured, or hidden in Graph and to be learned. */
  readonly rate: number;
  readonly hidden: boolean;
  readonly settleS: number;
  readonly measureS: number;
}

export async function measureEqualShares({ rate, hidden, settleS, measureS }: EqualOptions): Promise<EqualShares> {
  const settings = hidden ? {} : { rateMax: rate };
  const fleet = await startFleet({
    connections: Object.fromEntries(CONNECTIONS.map((id) => [id, settings])),
    env: { SLUICE_BATCH_MAX: String(CALL_ENTRIES) },
    behavior: hidden ? { rate, window: 'bucket', burst: rate } : {},
  });
  try {
    const activities = Math.ceil((settleS + measureS + 20) * rate * 1.5 * CALL_ENTRIES);
    for (const id of CONNECTIONS) await fleet.fill(id, { activities, items: 50 });
    for (let started = 0; started < WORKERS; started++) await fleet.system.startWorker();
    await pass(settleS * 1000);
    const shares = await fleet.count(CONNECTIONS, measureS);
    return {
      name: `${CONNECTIONS.length} connections, ${rate}/s each, ${hidden ? 'hidden' : 'configured'}`,
      jain: jainOf(shares),
      least: Math.min(...shares),
      most: Math.max(...shares),
      used: shares.reduce((sum, share) => sum + share, 0) / (rate * CONNECTIONS.length),
    };
  } finally {
    await fleet.stop();
  }
}
