/* A console on the store in memory, asked without a network. */
import { OPEN_ACCESS } from '@sluice/access';
import { loadConfig } from '@sluice/config';
import type { ActivityStore, EntrySettlement } from '@sluice/core';
import { createLogger, createMetrics } from '@sluice/telemetry';
import {
  createMemoryActivityStore,
  createMemoryAuditLog,
  createMemorySessions,
  makeDeadLetter,
  makeEntries,
  makePiece,
  makeSettle,
  makeSettlement,
  makeTake,
  manualClock,
} from '@sluice/testing';
import { buildConsole, type ConsoleParts } from '../src/build-console.ts';
import type { Rates } from '../src/live/rate-book.ts';
import type { FleetWatch } from '../src/live/watch-fleet.ts';

export interface TestConsole {
  readonly store: ActivityStore;
  readonly wakes: (readonly [connectionId: string, atMs: number])[];
  readonly clock: ReturnType<typeof manualClock>;
  get(url: string, headers?: Record<string, string>): Promise<Answer>;
  post(url: string, body?: unknown, headers?: Record<string, string>): Promise<Answer>;
  delete(url: string, headers?: Record<string, string>): Promise<Answer>;
  /** Every method and path that there is. */
  routes(): Promise<readonly (readonly [method: string, url: string])[]>;
  /** For what does not end with its answer. */
  listen(): Promise<{ readonly url: string; close(): Promise<void> }>;
  /** So many entries of an item, each with its own end. */
  end(itemId: string, count: number, verdict?: EntrySettlement): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly body: any;
  readonly text: string;
}

/** Of what `end` makes. */
export const CONNECTION = 'hr1';
export const REF = 'receipt-0001';

/** A fleet that nobody reads: only the rates are there. */
export function stillFleet(rates: Rates | null): FleetWatch {
  return {
    latest: () => null,
    awaySinceMs: () => null,
    rates: { of: () => rates },
    history: { of: () => null },
    onTick: () => () => {},
    stop: () => {},
  };
}

export function openTestConsole(
  variables: Record<string, string> = {},
  parts: Partial<ConsoleParts> & { readonly faults?: Partial<ActivityStore> } = {},
): TestConsole {
  const clock = manualClock();
  const memory = createMemoryActivityStore(clock);
  const store: ActivityStore = { ...memory, ...parts.faults };
  const wakes: (readonly [string, number])[] = [];
  const { app, routes } = buildConsole({
    config: loadConfig(variables).config,
    store,
    scheduler: { wake: async (connectionId, atMs) => void wakes.push([connectionId, atMs]) },
    watch: { ready: () => ({ ready: true }), durability: () => 'fsync' },
    fleet: stillFleet(null),
    page: null,
    board: null,
    logger: createLogger('console', 'silent'),
    metrics: createMetrics('console', 'test'),
    shardTagOf: () => 's0',
    requestId: () => 'request-1',
    hostsAllowed: 'local',
    access: OPEN_ACCESS,
    auditLog: createMemoryAuditLog(clock),
    sessionStore: createMemorySessions(clock),
    ...parts,
  });
  let sequence = 0;
  async function ask(method: 'GET' | 'POST' | 'DELETE', url: string, body: unknown, headers: Record<string, string>) {
    const payload = body === undefined ? {} : { payload: body as object };
    const answer = await app.inject({ method, url, headers: { host: 'localhost', ...headers }, ...payload });
    const isJson = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: isJson ? answer.json() : null,
      text: answer.body,
    };
  }
  return {
    store,
    wakes,
    clock,
    get: (url, headers = {}) => ask('GET', url, undefined, headers),
    post: (url, body, headers = {}) => ask('POST', url, body, headers),
    delete: (url, headers = {}) => ask('DELETE', url, undefined, headers),
    routes: async () => {
      await app.ready();
      return routes.map(({ method, url }) => [method, url] as const);
    },
    listen: async () => ({ url: await app.listen({ host: '127.0.0.1', port: 0 }), close: () => app.close() }),
    end: async (itemId, count, verdict = makeDeadLetter({ requestId: 'request-9' })) => {
      sequence += 1;
      const ids = { connectionId: CONNECTION, leaseId: `lease-${sequence}` };
      const entries = makeEntries(count, { from: sequence * 1000, receiptRef: REF });
      await memory.append(
        makePiece({
          connectionId: CONNECTION,
          sequence,
          receiptId: `s0${REF}`,
          lingerMs: 0,
          groups: [{ itemId, entries }],
        }),
      );
      await clock.advance(1000);
      const lease = await memory.take(makeTake({ ...ids, lingerMs: 0, entriesMax: count, intervalInitialUs: 1 }));
      if (lease.status !== 'leased') throw new Error(`no lease: ${JSON.stringify(lease)}`);
      const settlement = makeSettlement(lease.entries.map(() => verdict));
      await memory.settle(makeSettle({ ...ids, epoch: lease.epoch, settlement }));
      // A worker that finds nothing more to do goes to sleep: what comes now has to wake one.
      await memory.take(makeTake({ connectionId: CONNECTION, leaseId: 'idle' }));
    },
  };
}
