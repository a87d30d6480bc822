/* An intake on a store of the test's own making: it keeps what it is given, and fails as the test says. */
import { OPEN_ACCESS } from '@sluice/access';
import { type Config, loadConfig } from '@sluice/config';
import type { AppendPiece, AppendResult, ConnectionView, ReceiptView } from '@sluice/core';
import type { HttpServer } from '@sluice/http';
import { createLogger, createMetrics } from '@sluice/telemetry';
import { createMemoryCallerQuotas } from '@sluice/testing';
import { buildIntake, type IntakeParts } from '../src/build-intake.ts';

export const GUID = '11111111-2222-3333-4444-555555555555';
export const VALID = { type: 'viewed', startDateTime: '2026-01-31T13:45:00Z', performedBy: { type: 'user', id: GUID } };
export const ITEM_URL = '/v1/connections/hr1/items/a1/activities';
export const BULK_URL = '/v1/connections/hr1/activities';

export interface FakeStore {
  readonly pieces: AppendPiece[];
  readonly wakes: [string, number][];
  /** Decides each append; the default stores. */
  onAppend: (piece: AppendPiece) => Promise<AppendResult> | AppendResult;
  onWake: () => Promise<void>;
  receipt: ReceiptView | null;
  connection: ConnectionView | null;
  onReceipt: () => Promise<void>;
  durability: string | null;
  ready: boolean;
  /** Seconds until the store has room; null: it has. */
  fullForS: number | null;
}

export interface FakeIntake {
  readonly store: FakeStore;
  readonly server: HttpServer;
  readonly logs: string[];
  post(url: string, body: unknown, headers?: Record<string, string>): Promise<FakeAnswer>;
  get(url: string, headers?: Record<string, string>): Promise<FakeAnswer>;
}

export interface FakeAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  // biome-ignore lint/suspicious/noExplicitAny: tests look into bodies of every shape.
  readonly body: any;
  readonly ms: number;
}

export function stored(piece: AppendPiece): AppendResult {
  const appended = piece.groups.reduce((sum, group) => sum + group.entries.length, 0);
  return { status: 'appended', appended, duplicates: 0, acceptedMs: 1, wakeAtMs: 1000, keptMs: null };
}

export function openFakeIntake(
  variables: Record<string, string> = {},
  parts: Partial<IntakeParts> & { readonly config?: Config } = {},
): FakeIntake {
  const store: FakeStore = {
    pieces: [],
    wakes: [],
    onAppend: stored,
    onWake: async () => {},
    receipt: null,
    connection: null,
    onReceipt: async () => {},
    durability: 'fsync',
    ready: true,
    fullForS: null,
  };
  const logs: string[] = [];
  const server = buildIntake({
    config: loadConfig(variables).config,
    store: {
      append: async (piece) => {
        store.pieces.push(piece);
        return store.onAppend(piece);
      },
      receipt: async () => {
        await store.onReceipt();
        return store.receipt;
      },
      connection: async () => store.connection,
      endedReceipts: async (ids) => ids,
      noteTrace: async () => {},
      receiptRefOfKey: async () => null,
      isKeyRemembered: async () => false,
    },
    scheduler: {
      wake: async (connectionId, atMs) => {
        store.wakes.push([connectionId, atMs]);
        await store.onWake();
      },
    },
    watch: {
      ready: () => (store.ready ? { ready: true } : { ready: false, reason: 'Redis has not answered for 12 seconds.' }),
      durability: () => store.durability,
      doubt: () => {},
    },
    memory: { fullForS: () => store.fullForS },
    logger: createLogger('intake', 'info', { write: (line) => logs.push(line) }),
    metrics: createMetrics('intake', '1'),
    lane: 'lane-1',
    shardTagOf: () => 's0',
    randomBytes: (count) => new Uint8Array(count).fill(10),
    requestId: () => 'made-by-us',
    hostsAllowed: 'local',
    access: OPEN_ACCESS,
    quotas: createMemoryCallerQuotas({ nowUs: () => performance.now() * 1000 }),
    ...parts,
  });
  const ask = async (method: 'GET' | 'POST', url: string, body?: string, headers?: Record<string, string>) => {
    const began = performance.now();
    const answer = await server.app.inject({
      method,
      url,
      headers: { host: 'localhost', ...headers },
      ...(body !== undefined && { body }),
    });
    const json = String(answer.headers['content-type']).includes('json');
    return {
      status: answer.statusCode,
      headers: answer.headers,
      body: json ? answer.json() : answer.body,
      ms: performance.now() - began,
    };
  };
  return {
    store,
    server,
    logs,
    post: (url, body, headers) =>
      ask('POST', url, typeof body === 'string' ? body : JSON.stringify(body), {
        'content-type': 'application/json',
        ...headers,
      }),
    get: (url, headers) => ask('GET', url, undefined, headers),
  };
}
