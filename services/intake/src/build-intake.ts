/* Wires an intake from its parts. It opens nothing and listens nowhere; main.ts does, and tests do not need to. */
import { type Config, isReservedConnection, rememberConnections } from '@sluice/config';
import type { Access, ActivityStore, BodyRules, Caller, CallerQuotas, DrainScheduler, Scope } from '@sluice/core';
import { makeReceiptRef, RECEIPT_REF_LENGTH } from '@sluice/core';
import { buildServer, type HttpServer, type StoreWatch, type TlsFiles } from '@sluice/http';
import { type Logger, limitLogs, type Metrics, type Tracing } from '@sluice/telemetry';
import { addActivityRoutes } from './activity-routes.ts';
import { APPEND_LIMITS, type AppendLimits, type AppendSettings, createAppender } from './append-request.ts';
import { createReceiptWaits, WAIT_LIMITS, type WaitLimits } from './await-receipts.ts';
import { chargeCallers } from './charge-caller.ts';
import { addGraphRoutes } from './graph-routes.ts';
import { addDocsRoutes } from './openapi/docs-routes.ts';
import { durabilityRules, promiseDurability } from './promise-durability.ts';
import { addReceiptRoutes, READ_LIMITS, type ReadLimits } from './receipt-routes.ts';
import { rememberBy } from './remember-as.ts';
import { ROOM_LINES_MAX, shareLineRooms } from './share-line-room.ts';
import { traceAppends } from './trace-appends.ts';
import { watchBacklogs } from './watch-backlogs.ts';
import type { MemoryWatch } from './watch-memory.ts';

/** How long a request may be sent again under its Idempotency-Key. */
const IDEMPOTENCY_WINDOW_MS = 86_400_000;

export interface IntakeParts {
  readonly config: Config;
  readonly quotas: CallerQuotas;
  readonly store: Pick<
    ActivityStore,
    'append' | 'receipt' | 'connection' | 'endedReceipts' | 'receiptRefOfKey' | 'isKeyRemembered' | 'noteTrace'
  >;
  readonly scheduler: Pick<DrainScheduler, 'wake'>;
  readonly watch: Pick<StoreWatch, 'ready' | 'durability' | 'doubt'>;
  readonly memory: Pick<MemoryWatch, 'fullForS'>;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** Unique to this life of this process: 1 to 32 of [A-Za-z0-9_-]. */
  readonly lane: string;
  /** The tag of the shard that receipts of a connection lie in. */
  readonly shardTagOf: (connectionId: string) => string;
  /** So many bytes of chance. */
  readonly randomBytes: (count: number) => Uint8Array;
  readonly requestId: () => string;
  /** Absent or null: nothing is traced. */
  readonly tracing?: Tracing;
  readonly hostsAllowed: 'local' | 'any';
  readonly access: Access;
  /** Null: plain http. */
  readonly tls?: TlsFiles | null;
  /** Only for tests that move time themselves. */
  readonly pause?: (ms: number) => Promise<void>;
  readonly limits?: Partial<AppendLimits & ReadLimits & WaitLimits & { readonly lineRoomMax: number }>;
}

/** Of routes that do not say it: who sends has to be allowed to send, who looks to look. */
function scopesOf(method: string): readonly Scope[] {
  return method === 'GET' || method === 'HEAD' ? ['read'] : ['ingest'];
}

function rulesOf({ performerIds, activityBytesMax, requestActivitiesMax: activitiesMax }: Config): BodyRules {
  return { performerIds, activityBytesMax, activitiesMax };
}

export function buildIntake(parts: IntakeParts): HttpServer {
  const { config, store, watch, metrics } = parts;
  const server = buildServer({
    logger: parts.logger,
    requestId: parts.requestId,
    hostsAllowed: parts.hostsAllowed,
    bodyBytesMax: config.bodyBytesMax,
    tls: parts.tls ?? null,
    guard: { access: parts.access, scopesOf },
    health: { ready: watch.ready, metrics: metrics.render },
    onAnswered: metrics.requestAnswered,
    trace: parts.tracing?.beginRequest ?? null,
  });
  const settingsOf = rememberConnections(
    config,
    ({ settings }): AppendSettings => ({
      lingerMs: settings.lingerMs,
      entriesMax: settings.batchEntriesMax,
      pendingMax: settings.pendingMax,
      connectionsMax: config.connectionsMax,
      receiptsMax: config.receiptsMax,
      receiptTtlMs: config.receiptTtlMs,
      ...(config.dedupe !== 'off' && { dedupe: { windowMs: config.dedupeWindowMs, idsMax: config.dedupeMax } }),
    }),
  );
  const appender = createAppender({
    store: traceAppends(store, parts.tracing ?? null),
    scheduler: parts.scheduler,
    lane: parts.lane,
    limits: { ...APPEND_LIMITS, ...parts.limits },
    onError: limitLogs(parts.logger, 'storing failed'),
    onNotReplicated: watch.doubt,
  });
  const routeParts = {
    charge: chargeCallers({
      quotas: parts.quotas,
      ...keysIn(store),
      ...(parts.pause !== undefined && { pause: parts.pause }),
    }),
    wantsReceipt: ({ caller }: { readonly caller: Caller }) => caller.receipts,
    ...keysIn(store),
    awaitReceipt: createReceiptWaits({
      store,
      limits: { ...WAIT_LIMITS, ...parts.limits },
      isStopping: server.draining.isStopping,
      onError: limitLogs(parts.logger, 'looking at receipts failed'),
    }),
    receiptOf: (receiptId: string) => store.receipt(receiptId),
    callerOf: ({ caller }: { readonly caller: Caller }) => `${caller.kind} ${caller.name}`,
    idempotency: {
      windowMs: IDEMPOTENCY_WINDOW_MS,
      keysMax: config.idempotencyMax,
      lines: { windowMs: config.dedupeWindowMs, idsMax: config.dedupeMax },
    },
    ...appender,
    rules: rulesOf(config),
    lineRooms: shareLineRooms(parts.limits?.lineRoomMax ?? ROOM_LINES_MAX),
    settingsOf,
    isReserved: (id: string) => isReservedConnection(config, id),
    rememberAs: rememberBy(config.dedupe),
    durability: promisedBy(watch, config),
    memory: parts.memory,
    backlogs: watchBacklogs({ store, clock: () => performance.now(), chance: Math.random }),
    receiptRef: () => makeReceiptRef(parts.randomBytes(RECEIPT_REF_LENGTH)),
    shardTagOf: parts.shardTagOf,
    metrics,
  };
  addActivityRoutes(server, routeParts);
  addGraphRoutes(server, routeParts);
  addReceiptRoutes(server.app, {
    ...routeParts,
    store,
    keyMs: IDEMPOTENCY_WINDOW_MS,
    lingerMsOf: (id) => settingsOf(id)?.lingerMs ?? 0,
    limits: { ...READ_LIMITS, ...parts.limits },
  });
  addDocsRoutes(server.app, { ...routeParts.rules, bodyBytesMax: config.bodyBytesMax });
  return server;
}

function promisedBy(watch: IntakeParts['watch'], config: Config) {
  return () => {
    const read = watch.durability();
    return read === null ? null : promiseDurability(read, durabilityRules(config));
  };
}

function keysIn(store: IntakeParts['store']) {
  const windowMs = IDEMPOTENCY_WINDOW_MS;
  return {
    isKeyRemembered: (connectionId: string, id: string) => store.isKeyRemembered({ connectionId, id, windowMs }),
    receiptRefOfKey: (connectionId: string, id: string) => store.receiptRefOfKey({ connectionId, id, windowMs }),
  };
}
