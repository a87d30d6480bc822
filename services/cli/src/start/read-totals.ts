/* Where the numbers of the status line come from: what was accepted and is pending from Redis, calls and fill from the emulator. */
import { openRedisStore, type RedisPlace, type RedisStore } from '@sluice/store';
import type { Totals } from './totals.ts';

export interface TotalsReader {
  /** Never throws: what cannot be read at the moment is null. */
  read(): Promise<Totals>;
  close(): Promise<void>;
}

const READ_MS_MAX = 2000;

/** accepted and delivered count from the first reading on, as the emulator counts its calls: since this start. */
export function openTotals(redis: RedisPlace, emulatorUrl: string | null, shards: number): TotalsReader {
  // Redis going away is said by the services and seen by the launcher; here it only means that a number is not known.
  const store = openRedisStore({
    ...redis,
    // Whose a connection is does not matter here: each is read where it was found.
    shards: { count: shards, tenantOf: () => null },
    role: 'worker',
    onError: () => undefined,
  });
  const addUp = addUpStarts();
  let first: Stored | null = null;
  return {
    async read() {
      const [stored, called] = await Promise.all([
        readStored(store),
        emulatorUrl === null ? null : readCalled(emulatorUrl).then(addUp),
      ]);
      first ??= stored;
      return {
        accepted: stored === null || first === null ? null : stored.accepted - first.accepted,
        delivered: stored === null || first === null ? null : stored.delivered - first.delivered,
        pending: stored?.pending ?? null,
        calls: called?.calls ?? null,
        taken: called?.taken ?? null,
        fill: called === null ? null : called.taken === 0 ? 0 : called.carried / called.taken,
      };
    },
    close: () => store.close(),
  };
}

interface Stored {
  readonly accepted: number;
  readonly delivered: number;
  readonly pending: number;
}

async function readStored(store: RedisStore): Promise<Stored | null> {
  const sum = { accepted: 0, delivered: 0, pending: 0 };
  const addAll = async () => {
    for (const id of await store.connectionIds()) {
      const connection = await store.connection(id);
      sum.accepted += connection?.appended ?? 0;
      sum.delivered += connection?.delivered ?? 0;
      sum.pending += connection?.pending ?? 0;
    }
    return sum;
  };
  return within(READ_MS_MAX, addAll()).catch(() => null);
}

interface Called {
  readonly calls: number;
  readonly taken: number;
  readonly carried: number;
}

async function readCalled(emulatorUrl: string): Promise<Called | null> {
  try {
    const response = await fetch(`${emulatorUrl}/emulator/stats`, { signal: AbortSignal.timeout(READ_MS_MAX) });
    const { calls = 0, byStatus = {}, meanFill = 0 }: EmulatorStats = JSON.parse(await response.text());
    const outcomes = Object.entries(byStatus).filter(([status]) => /^(2|lost)/.test(status));
    const taken = outcomes.reduce((sum, [, count]) => sum + count, 0);
    return { calls, taken, carried: taken * meanFill };
  } catch {
    return null;
  }
}

/** An emulator that was started again counts from nothing: what it had counted before is kept here. */
function addUpStarts(): (called: Called | null) => Called | null {
  const none = { calls: 0, taken: 0, carried: 0 };
  let [before, last] = [none, none];
  const add = (a: Called, b: Called) => ({
    calls: a.calls + b.calls,
    taken: a.taken + b.taken,
    carried: a.carried + b.carried,
  });
  return (called) => {
    if (called === null) return null;
    if (called.calls < last.calls) before = add(before, last);
    last = called;
    return add(before, called);
  };
}

interface EmulatorStats {
  readonly calls?: number;
  readonly byStatus?: Readonly<Record<string, number>>;
  readonly meanFill?: number;
}

function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`No answer within ${ms} ms.`)), ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
