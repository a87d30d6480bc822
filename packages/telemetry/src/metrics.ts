/*
  The series that every process exports, each named once. Callers say what happened; label names and buckets stay here.
  Labels are a bounded set: a route, a status, a code of our own table, a connection. Never an item or a performer.
  What belongs to the fleet (backlog, quota, states) is kept in Redis and is not counted here.
*/
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What became of one call to Graph: its HTTP status, or how it failed without one. */
export type CallStatus = number | 'timeout' | 'reset' | 'refused';

export type OddResult = 'unlisted_code' | 'missing' | 'ambiguous' | 'extra';

export interface Metrics {
  /** A request to the intake was answered. `route` is the route's pattern, never the path that was asked for. */
  requestAnswered(request: { readonly route: string; readonly status: number; readonly seconds: number }): void;
  entriesRejected(code: string, entries: number): void;
  /** A call to Graph ended. */
  callEnded(call: {
    readonly connection: string;
    readonly status: CallStatus;
    readonly entries: number;
    readonly seconds: number;
  }): void;
  /** One entry was delivered, `seconds` after it was accepted. */
  entryDelivered(connection: string, seconds: number): void;
  /** Results that are not as documented: a code that no rule names, no result for an entry, none that can be told apart, no entry for a result. */
  resultsOdd(connection: string, kind: OddResult, results: number): void;
  /** A settlement came for a lease that somebody had reclaimed. */
  settleFoundStale(): void;
  /** The exposition of everything above, of the process and of its event loop. */
  render(): Promise<{ readonly contentType: string; readonly text: string }>;
}

const ACCEPT_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];
const DELIVER_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30];
const CALL_ENTRIES = [1, 2, 4, 6, 8, 10, 12, 14, 16, 18, 19, 20];
const WAIT_SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900, 3600, 14_400, 86_400];

export function createMetrics(service: string, version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  new Gauge({
    name: 'sluice_build_info',
    help: 'Always 1; the labels say which build this process runs.',
    labelNames: ['service', 'version'],
    registers: [registry],
  }).set({ service, version }, 1);
  const accept = acceptSeries(registry);
  const deliver = deliverSeries(registry);
  return {
    requestAnswered: ({ route, status, seconds }) => {
      accept.requests.inc({ route, status: String(status) });
      accept.seconds.observe({ route }, seconds);
    },
    entriesRejected: (code, entries) => accept.rejected.inc({ code }, entries),
    callEnded: ({ connection, status, entries, seconds }) => {
      deliver.calls.inc({ connection, status: String(status) });
      deliver.entries.observe({ connection }, entries);
      deliver.seconds.observe({ connection }, seconds);
    },
    entryDelivered: (connection, seconds) => deliver.wait.observe({ connection }, seconds),
    resultsOdd: (connection, kind, results) => deliver.odd.inc({ connection, kind }, results),
    settleFoundStale: () => deliver.stale.inc(),
    render: async () => ({ contentType: registry.contentType, text: await registry.metrics() }),
  };
}

function acceptSeries(registry: Registry) {
  const registers = [registry];
  return {
    requests: new Counter({
      name: 'sluice_accept_requests_total',
      help: 'Requests answered by the intake, by route and HTTP status.',
      labelNames: ['route', 'status'],
      registers,
    }),
    seconds: new Histogram({
      name: 'sluice_accept_duration_seconds',
      help: 'Time from a request to its answer.',
      labelNames: ['route'],
      buckets: ACCEPT_SECONDS,
      registers,
    }),
    rejected: new Counter({
      name: 'sluice_accept_rejected_entries_total',
      help: 'Activities refused by the intake, by code.',
      labelNames: ['code'],
      registers,
    }),
  };
}

function deliverSeries(registry: Registry) {
  const registers = [registry];
  const labelNames = ['connection'] as const;
  return {
    calls: new Counter({
      name: 'sluice_deliver_calls_total',
      help: 'Calls to Graph, by connection and HTTP status, or timeout, reset, refused.',
      labelNames: ['connection', 'status'],
      registers,
    }),
    entries: new Histogram({
      name: 'sluice_deliver_call_entries',
      help: 'Entries in one call to Graph: the fill.',
      labelNames,
      buckets: CALL_ENTRIES,
      registers,
    }),
    seconds: new Histogram({
      name: 'sluice_deliver_duration_seconds',
      help: 'Time from the start of a call to Graph to its end.',
      labelNames,
      buckets: DELIVER_SECONDS,
      registers,
    }),
    wait: new Histogram({
      name: 'sluice_accept_to_delivered_seconds',
      help: 'Time from the acceptance of an entry to its delivery.',
      labelNames,
      buckets: WAIT_SECONDS,
      registers,
    }),
    odd: new Counter({
      name: 'sluice_outcome_odd_results_total',
      help: 'Results that are not as documented: unlisted_code (retried), missing or ambiguous (unknown), extra (ignored).',
      labelNames: ['connection', 'kind'],
      registers,
    }),
    stale: new Counter({
      name: 'sluice_stale_settles_total',
      help: 'Settlements that came after their lease had been reclaimed.',
      registers,
    }),
  };
}
