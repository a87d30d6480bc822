/*
  One connection, alone and then beside a neighbour in trouble, on two workers. Its rate is configured and Graph would take
  more, so that whatever is missing is the neighbour's doing. Alone is measured before each neighbour and after it.
*/
import { setTimeout as pass } from 'node:timers/promises';
import { startFleet } from './fleet.ts';

const CALM = 'calm';
const CALM_RATE = 40;
const CALL_ENTRIES = 20;
const WORKERS = 2;
/** How long a neighbour has been in trouble when measuring begins, and is gone when it begins again, milliseconds. */
const BEGUN_MS = 3000;

interface Neighbour {
  readonly connectionId: string;
  readonly name: string;
  /** How Graph behaves towards it. */
  readonly behavior: Readonly<Record<string, unknown>>;
  readonly settings: object;
  readonly items: number;
}

const REFUSED = { status: 403, body: { error: { code: 'Authorization_RequestDenied', message: 'Not allowed.' } } };

const NEIGHBOURS: readonly Neighbour[] = [
  {
    connectionId: 'throttled',
    name: 'is refused with 429 again and again (every call)',
    behavior: { script: [{ status: 429, headers: { 'Retry-After': '0.2' }, times: 1_000_000 }] },
    settings: {},
    items: 100,
  },
  {
    connectionId: 'forbidden',
    name: 'is held (403)',
    behavior: { script: [{ ...REFUSED, times: 1_000_000 }] },
    settings: {},
    items: 100,
  },
  {
    connectionId: 'slow',
    name: 'is answered after 6 to 8 s, 20 calls at once',
    behavior: { latencyMs: [6000, 8000] },
    settings: { rateMax: 40 },
    items: 100,
  },
  {
    connectionId: 'failing',
    name: 'is answered 503',
    behavior: { shares: { '503': 1 } },
    settings: { rateMax: 40 },
    items: 100,
  },
  {
    connectionId: 'hot',
    name: 'has one hot item at 40 calls/s',
    behavior: {},
    settings: { rateMax: 40 },
    items: 1,
  },
];

export interface Isolated {
  readonly name: string;
  /** Calls a second beside the neighbour, and alone (mean of before and after). */
  readonly beside: number;
  readonly alone: number;
  readonly neighbour: number;
}

export interface IsolationOptions {
  readonly measureS: number;
  /** The first so many of the neighbours. */
  readonly neighboursMax: number;
  readonly say: (text: string) => void;
}

export async function measureIsolation(options: IsolationOptions): Promise<readonly Isolated[]> {
  const { measureS, neighboursMax, say } = options;
  const fleet = await startFleet({
    connections: {
      [CALM]: { rateMax: CALM_RATE },
      ...Object.fromEntries(NEIGHBOURS.map(({ connectionId, settings }) => [connectionId, settings])),
    },
    env: { SLUICE_RATE_INITIAL: String(CALM_RATE) },
    behavior: {
      connections: Object.fromEntries(NEIGHBOURS.map(({ connectionId, behavior }) => [connectionId, behavior])),
    },
  });
  try {
    const seconds = (NEIGHBOURS.length * 2 + 1) * (measureS + 1 + BEGUN_MS / 1000) + 60;
    await fleet.fill(CALM, { activities: seconds * CALM_RATE * CALL_ENTRIES, items: 100 });
    for (let started = 0; started < WORKERS; started++) await fleet.system.startWorker();
    await pass(BEGUN_MS);
    const results: Isolated[] = [];
    let [before = 0] = await fleet.count([CALM], measureS);
    for (const { connectionId, name, items } of NEIGHBOURS.slice(0, neighboursMax)) {
      await fleet.fill(connectionId, { activities: (measureS + 10) * CALM_RATE * CALL_ENTRIES, items });
      await pass(BEGUN_MS);
      const [beside = 0, neighbour = 0] = await fleet.count([CALM, connectionId], measureS);
      await fleet.store.pause(connectionId);
      await pass(BEGUN_MS);
      const [after = 0] = await fleet.count([CALM], measureS);
      say(`  ${name}: ${beside.toFixed(1)} calls/s beside it, ${before.toFixed(1)} before, ${after.toFixed(1)} after`);
      results.push({ name, beside, alone: (before + after) / 2, neighbour });
      before = after;
    }
    return results;
  } finally {
    await fleet.stop();
  }
}
