/*
  The series of the whole fleet, which are kept in the store: the console alone exports them. Every number is read when
  somebody asks, so a Redis that is away means absent series, never old ones. At rest
  append + replayed = delivered + dead + parked + removed{from="pending"} + pending, and
  dead_letters + parked_entries = dead + parked - replayed - removed{from="dead|parked"}.
*/
import { Counter, Gauge, Registry } from 'prom-client';

export const CONNECTION_STATES = ['flowing', 'idle', 'closed', 'paused', 'held', 'breaker'] as const;

/** One connection as of one moment; what a store's view of it says. */
export interface FleetConnection {
  readonly connectionId: string;
  readonly appended: number;
  readonly duplicates: number;
  readonly delivered: number;
  readonly dead: number;
  readonly parked: number;
  readonly retried: number;
  readonly replayed: number;
  readonly discardedPending: number;
  readonly discardedDead: number;
  readonly discardedParked: number;
  readonly expired: number;
  readonly erasedPending: number;
  readonly erasedDead: number;
  readonly erasedParked: number;
  readonly unknown: number;
  readonly pending: number;
  readonly oldestAcceptedMs: number | null;
  readonly deadLetters: number;
  readonly parkedEntries: number;
  readonly leases: number;
  readonly state: (typeof CONNECTION_STATES)[number];
  readonly bucket: { readonly intervalUs: number; readonly closedUntilMs: number } | null;
}

export interface Fleet {
  readonly connections: readonly FleetConnection[];
  /** Null: not known yet. `kept`: it is at least what a 202 promises. */
  readonly durability: { readonly level: string; readonly kept: boolean } | null;
  /** By tenant; absent where nobody knows it. */
  readonly credentialExpiryMs: ReadonlyMap<string, number>;
  /** For how long ids are remembered now; null: they are not. */
  readonly dedupeWindowMs: number | null;
  readonly usefulWorkers: number;
}

type Row = readonly [labels: Readonly<Record<string, string>>, value: number];
type RowsOf = (connection: FleetConnection) => readonly Row[];

interface Series {
  readonly name: string;
  readonly help: string;
  readonly kind: typeof Counter | typeof Gauge;
  readonly rows: RowsOf;
}

const one =
  (value: (connection: FleetConnection) => number | null): RowsOf =>
  (connection) => {
    const read = value(connection);
    return read === null ? [] : [[{}, read]];
  };

const SERIES: readonly Series[] = [
  {
    name: 'sluice_append_entries_total',
    help: 'Entries stored, by connection.',
    kind: Counter,
    rows: one((c) => c.appended),
  },
  {
    name: 'sluice_duplicate_entries_total',
    help: 'Activities that were not stored, because their id was accepted before; in no other count.',
    kind: Counter,
    rows: one((c) => c.duplicates),
  },
  {
    name: 'sluice_settle_entries_total',
    help: 'Entries settled, by verdict: delivered, dead and parked are ends, retried is not.',
    kind: Counter,
    rows: (c) => (['delivered', 'dead', 'parked', 'retried'] as const).map((verdict) => [{ verdict }, c[verdict]]),
  },
  {
    name: 'sluice_replayed_entries_total',
    help: 'Dead letters and parked entries that are pending again.',
    kind: Counter,
    rows: one((c) => c.replayed),
  },
  {
    name: 'sluice_removed_entries_total',
    help: 'Entries removed without being delivered, by where they were and why.',
    kind: Counter,
    rows: (c) => [
      [{ from: 'pending', reason: 'discarded' }, c.discardedPending],
      [{ from: 'dead', reason: 'discarded' }, c.discardedDead],
      [{ from: 'parked', reason: 'discarded' }, c.discardedParked],
      [{ from: 'pending', reason: 'expired' }, c.expired],
      [{ from: 'pending', reason: 'erased' }, c.erasedPending],
      [{ from: 'dead', reason: 'erased' }, c.erasedDead],
      [{ from: 'parked', reason: 'erased' }, c.erasedParked],
    ],
  },
  {
    name: 'sluice_unknown_entries_total',
    help: 'Entries of calls whose outcome nobody knows.',
    kind: Counter,
    rows: one((c) => c.unknown),
  },
  {
    name: 'sluice_pending_entries',
    help: 'Entries that have no end yet: waiting, delayed or in a call.',
    kind: Gauge,
    rows: one((c) => c.pending),
  },
  {
    name: 'sluice_oldest_pending_timestamp_seconds',
    help: 'When the oldest pending entry was accepted; absent when nothing is pending.',
    kind: Gauge,
    rows: one((c) => (c.oldestAcceptedMs === null ? null : c.oldestAcceptedMs / 1000)),
  },
  { name: 'sluice_dead_letters', help: 'Dead letters kept.', kind: Gauge, rows: one((c) => c.deadLetters) },
  { name: 'sluice_parked_entries', help: 'Parked entries kept.', kind: Gauge, rows: one((c) => c.parkedEntries) },
  {
    name: 'sluice_quota_calls_per_second',
    help: 'Calls a second that the learned quota grants; absent before the first call.',
    kind: Gauge,
    rows: one((c) => (c.bucket === null ? null : 1e6 / c.bucket.intervalUs)),
  },
  {
    name: 'sluice_quota_closed_until_timestamp_seconds',
    help: 'Until when Graph asked for no calls, last; 0 = never did.',
    kind: Gauge,
    rows: one((c) => (c.bucket === null ? 0 : c.bucket.closedUntilMs / 1000)),
  },
  { name: 'sluice_inflight_calls', help: 'Calls that are not settled.', kind: Gauge, rows: one((c) => c.leases) },
  {
    name: 'sluice_connection_state',
    help: '1 for the state the connection is in, 0 for the others.',
    kind: Gauge,
    rows: (c) => CONNECTION_STATES.map((state) => [{ state }, c.state === state ? 1 : 0]),
  },
];

/** What belongs to no connection. */
const FLEET_SERIES: readonly {
  readonly name: string;
  readonly help: string;
  readonly rows: (fleet: Fleet) => readonly Row[];
}[] = [
  {
    name: 'sluice_durability',
    help: 'Always 1; the label says how safely Redis keeps what was acknowledged.',
    rows: ({ durability }) => (durability === null ? [] : [[{ level: durability.level }, 1]]),
  },
  {
    name: 'sluice_durability_kept',
    help: '1 while Redis keeps what is acknowledged at least as safely as SLUICE_DURABILITY promises, else 0.',
    rows: ({ durability }) => (durability === null ? [] : [[{}, durability.kept ? 1 : 0]]),
  },
  {
    name: 'sluice_credential_expiry_timestamp_seconds',
    help: 'When the credential of a tenant ends; absent where nobody knows it.',
    rows: ({ credentialExpiryMs }) => [...credentialExpiryMs].map(([tenant, ms]) => [{ tenant }, ms / 1000]),
  },
  {
    name: 'sluice_dedupe_window_seconds',
    help: 'For how long the ids of activities are remembered now; shorter than SLUICE_DEDUPE_WINDOW_MS while there are too many.',
    rows: ({ dedupeWindowMs }) => (dedupeWindowMs === null ? [] : [[{}, dedupeWindowMs / 1000]]),
  },
  {
    name: 'sluice_useful_workers',
    help: 'Worker processes that the learned quota, the calls in flight and the backlog can use: what an autoscaler follows.',
    rows: ({ usefulWorkers }) => [[{}, usefulWorkers]],
  },
];

/** The exposition of the fleet as it is now. */
export async function renderFleet(fleet: Fleet): Promise<string> {
  const registry = new Registry();
  for (const { name, help, kind, rows } of SERIES) {
    const all = fleet.connections.flatMap((connection) =>
      rows(connection).map(([labels, value]): Row => [{ connection: connection.connectionId, ...labels }, value]),
    );
    addSeries(registry, { name, help, kind, rows: all });
  }
  for (const { name, help, rows } of FLEET_SERIES) addSeries(registry, { name, help, kind: Gauge, rows: rows(fleet) });
  return registry.metrics();
}

function addSeries(
  registry: Registry,
  { name, help, kind, rows }: Pick<Series, 'name' | 'help' | 'kind'> & { readonly rows: readonly Row[] },
): void {
  if (rows.length === 0) return;
  const labelNames = [...new Set(rows.flatMap(([labels]) => Object.keys(labels)))];
  const series = new kind({ name, help, labelNames, registers: [registry] });
  for (const [labels, value] of rows) series.inc(labels, value);
}
