/* What happened since the start or the last reset: for all, and for each (tenant, connection). In memory, bounded. */

export interface Second {
  /** Seconds since 1970. */
  readonly t: number;
  readonly accepted: number;
  readonly refused: number;
}

export interface StatsRead {
  readonly calls: number;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly activities: number;
  /** Entries a call, over the calls that were taken: 2xx and lost. */
  readonly meanFill: number;
  readonly perSecond: readonly Second[];
}

export interface Scope {
  readonly tenant: string;
  readonly connection: string;
}

export interface AnsweredCall {
  readonly status: number | 'reset' | 'lost';
  readonly entries: number;
  readonly appended: number;
}

export interface Stats {
  countArrival(scope: Scope, arrivedMs: number, refused: boolean): void;
  countAnswer(scope: Scope, call: AnsweredCall): void;
  read(filter: Partial<Scope>): StatsRead;
  clear(): void;
}

const SECONDS_MAX = 3600;
const SCOPES_MAX = 1000;

interface Counts {
  calls: number;
  readonly byStatus: Map<string, number>;
  activities: number;
  takenCalls: number;
  takenEntries: number;
  readonly perSecond: { t: number; accepted: number; refused: number }[];
}

export function createStats(): Stats {
  let all = newCounts();
  const scopes = new Map<string, { readonly scope: Scope; readonly counts: Counts }>();

  /** Null when there are too many: then a call counts in the sum only. */
  function countsOf(scope: Scope): Counts | null {
    const key = `${scope.tenant}/${scope.connection}`;
    const known = scopes.get(key);
    if (known !== undefined) return known.counts;
    if (scopes.size >= SCOPES_MAX) return null;
    const counts = newCounts();
    scopes.set(key, { scope, counts });
    return counts;
  }

  return {
    countArrival(scope, arrivedMs, refused) {
      const second = Math.floor(arrivedMs / 1000);
      countSecond(all, second, refused);
      const own = countsOf(scope);
      if (own !== null) countSecond(own, second, refused);
    },
    countAnswer(scope, call) {
      countCall(all, call);
      const own = countsOf(scope);
      if (own !== null) countCall(own, call);
    },
    read({ tenant, connection }) {
      if (tenant === undefined && connection === undefined) return describe([all]);
      const wanted = [...scopes.values()].filter(
        ({ scope }) =>
          (tenant ?? scope.tenant) === scope.tenant && (connection ?? scope.connection) === scope.connection,
      );
      return describe(wanted.map(({ counts }) => counts));
    },
    clear() {
      all = newCounts();
      scopes.clear();
    },
  };
}

function newCounts(): Counts {
  return { calls: 0, byStatus: new Map(), activities: 0, takenCalls: 0, takenEntries: 0, perSecond: [] };
}

function countSecond(counts: Counts, second: number, refused: boolean): void {
  const { perSecond } = counts;
  let last = perSecond.at(-1);
  if (last === undefined || last.t < second) {
    last = { t: second, accepted: 0, refused: 0 };
    perSecond.push(last);
    while (perSecond[0]!.t <= second - SECONDS_MAX) perSecond.shift();
  }
  if (refused) last.refused++;
  else last.accepted++;
}

function countCall(counts: Counts, { status, entries, appended }: AnsweredCall): void {
  const key = String(status);
  counts.calls++;
  counts.byStatus.set(key, (counts.byStatus.get(key) ?? 0) + 1);
  counts.activities += appended;
  if (status === 'lost' || (typeof status === 'number' && status < 300)) {
    counts.takenCalls++;
    counts.takenEntries += entries;
  }
}

function describe(parts: readonly Counts[]): StatsRead {
  const sum = (of: (counts: Counts) => number) => parts.reduce((total, counts) => total + of(counts), 0);
  const byStatus: Record<string, number> = {};
  const seconds = new Map<number, Second>();
  for (const counts of parts) {
    for (const [status, count] of counts.byStatus) byStatus[status] = (byStatus[status] ?? 0) + count;
    for (const { t, accepted, refused } of counts.perSecond) {
      const before = seconds.get(t) ?? { t, accepted: 0, refused: 0 };
      seconds.set(t, { t, accepted: before.accepted + accepted, refused: before.refused + refused });
    }
  }
  const taken = sum((counts) => counts.takenCalls);
  return {
    calls: sum((counts) => counts.calls),
    byStatus,
    activities: sum((counts) => counts.activities),
    meanFill: taken === 0 ? 0 : sum((counts) => counts.takenEntries) / taken,
    perSecond: [...seconds.values()].sort((a, b) => a.t - b.t).slice(-SECONDS_MAX),
  };
}
