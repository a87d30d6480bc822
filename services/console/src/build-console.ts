/* Wires a console from its parts. It opens nothing and listens nowhere; main.ts does, and tests do not need to. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Config, type ConnectionConfig, connectionSettings } from '@sluice/config';
import {
  type Access,
  type ActivityStore,
  type AuditLog,
  type Caller,
  CONNECTION_ID,
  type DrainScheduler,
  mayUse,
  type Scope,
  type SessionStore,
} from '@sluice/core';
import { buildServer, type HttpServer, type StoreWatch, type TlsFiles } from '@sluice/http';
import type { Board } from '@sluice/scheduler';
import { type Logger, limitLogs, type Metrics, renderFleet } from '@sluice/telemetry';
import { type Audit, auditDeeds } from './audit-deeds.ts';
import { addAuditRoutes } from './audit-routes.ts';
import type { Change } from './change-dead-letters.ts';
import { addConnectionRoutes } from './connection-routes.ts';
import { refuse } from './console-problems.ts';
import { addDeadLetterRoutes } from './dead-letter-routes.ts';
import { showConnection } from './describe-connection.ts';
import { addErasureRoutes } from './erasure/erasure-routes.ts';
import { keepErasures } from './erasure/keep-erasures.ts';
import { addForgetRoutes } from './forget-routes.ts';
import { addItemRoutes } from './item-routes.ts';
import { addEventRoutes } from './live/event-routes.ts';
import { createShowFleet } from './live/show-fleet.ts';
import { addTailRoutes } from './live/tail-routes.ts';
import type { FleetReading, FleetWatch } from './live/watch-fleet.ts';
import { countUsefulWorkers, measureFleet } from './measure-fleet.ts';
import type { Page } from './page/build-page.ts';
import { addPageRoutes } from './page/page-routes.ts';
import { addQueueRoutes } from './queue-routes.ts';
import { SECURITY_HEADERS } from './security-headers.ts';
import { addSessionRoutes, callerOfSession } from './session-routes.ts';
import { keepSessions } from './sessions.ts';
import { addUnknownRoutes } from './unknown-routes.ts';
import { factsOfConnection, wordsOfConnection } from './words-of-connection.ts';

export interface ConsoleParts {
  readonly config: Config;
  readonly store: Pick<
    ActivityStore,
    | 'connection'
    | 'connections'
    | 'connectionIds'
    | 'pause'
    | 'forget'
    | 'resume'
    | 'deadLetters'
    | 'replay'
    | 'discard'
    | 'fleetNotes'
    | 'tenantQuota'
    | 'settledCalls'
    | 'unknownCalls'
    | 'items'
    | 'item'
    | 'tail'
    | 'erase'
    | 'endErasure'
    | 'closeGaps'
    | 'noteErasure'
    | 'erasureNote'
    | 'runningErasure'
  >;
  readonly scheduler: Pick<DrainScheduler, 'wake'>;
  readonly watch: Pick<StoreWatch, 'ready' | 'durability'>;
  readonly fleet: FleetWatch;
  /** Null: there is no page, only the API. */
  readonly page: Page | null;
  /** Null: nobody may look at the queues. */
  readonly board: Pick<Board, 'answer'> | null;
  readonly logger: Logger;
  readonly metrics: Pick<Metrics, 'render'>;
  /** The tag of the shard that receipts of a connection lie in. */
  readonly shardTagOf: (connectionId: string) => string;
  readonly requestId: () => string;
  readonly hostsAllowed: 'local' | 'any';
  readonly access: Access;
  /** Null: plain http. */
  readonly tls?: TlsFiles | null;
  readonly auditLog: AuditLog;
  readonly sessionStore: SessionStore;
}

/** Ten thousand ids are about 300 KB. */
const BODY_BYTES_MAX = 1024 * 1024;

/** Of routes that do not say it. */
function scopesOf(method: string): readonly Scope[] {
  return method === 'GET' || method === 'HEAD' ? ['read'] : ['operate'];
}

export function buildConsole(parts: ConsoleParts): HttpServer {
  const { store, scheduler, access } = parts;
  const sessions = keepSessions({ access, store: parts.sessionStore });
  const onError = limitLogs(parts.logger, 'the series of the fleet could not be read');
  const server = buildServer({
    logger: parts.logger,
    requestId: parts.requestId,
    hostsAllowed: parts.hostsAllowed,
    bodyBytesMax: BODY_BYTES_MAX,
    // Most of what operators do needs no body, and many clients name a type all the same.
    emptyBodies: 'absent',
    headers: SECURITY_HEADERS,
    tls: parts.tls ?? null,
    guard: { access, scopesOf, sessionOf: (request) => callerOfSession(request, sessions) },
    health: { ready: parts.watch.ready, metrics: (caller) => renderMetrics(parts, caller, onError) },
  });
  refuseForeignPages(server);
  refuseForeignNames(server);
  const audit = auditDeeds(server.app, { log: parts.auditLog, logger: parts.logger, required: access.required });
  addSessionRoutes(server.app, { access, sessions, audit });
  addAuditRoutes(server.app, parts.auditLog);
  const { fleet } = parts;
  const factsOf = (connectionId: string) => factsOfConnection(parts.config, fleet, connectionId);
  const usefulWorkers = (reading: FleetReading) => countUsefulWorkers(reading, parts.config, fleet.rates);
  addConnectionRoutes(server.app, { store, scheduler, fleet, factsOf, usefulWorkers });
  addForgetRoutes(server.app, {
    store,
    boundsOf: (connectionId) => ({
      entriesMax: boundsOf(parts.config, connectionId).entriesMax,
      receiptTtlMs: parts.config.receiptTtlMs,
    }),
  });
  addUnknownRoutes(server.app, { store });
  addItemRoutes(server.app, {
    store,
    wordsOf: (view) => wordsOfConnection(parts.config, fleet, view),
    shardTagOf: parts.shardTagOf,
  });
  addEventRoutes(server.app, {
    fleet,
    show: createShowFleet({
      rates: fleet.rates,
      factsOf,
      durability: parts.watch.durability,
      usefulWorkers,
    }),
    isStopping: server.draining.isStopping,
    clock: () => performance.now(),
  });
  addErasures(server, audit, parts);
  addTailRoutes(server.app, {
    store,
    fleet,
    show: (view) => showConnection(view, fleet.rates.of(view.connectionId), factsOf(view.connectionId)),
    access,
    isStopping: server.draining.isStopping,
    shardTagOf: parts.shardTagOf,
    clock: () => performance.now(),
  });
  if (parts.page !== null) addPageRoutes(server.app, parts.page);
  if (parts.board !== null) addQueueRoutes(server.app, parts.board);
  addDeadLetterRoutes(server.app, {
    store,
    scheduler,
    boundsOf: (connectionId) => boundsOf(parts.config, connectionId),
    shardTagOf: parts.shardTagOf,
  });
  return server;
}

function addErasures({ app }: HttpServer, audit: Audit, { config, store, scheduler, logger }: ConsoleParts): void {
  const erasures = keepErasures({
    store,
    notes: store,
    scheduler,
    logger,
    newId: randomUUID,
    wait: (ms, signal) => sleep(ms, undefined, { signal, ref: false }).catch(() => undefined),
    settingsOf: (connectionId) => {
      const { deadLettersMax, entriesMax } = boundsOf(config, connectionId);
      const { unknownPolicy, leaseMs } = settingsOf(config, connectionId);
      return { deadLettersMax, entriesMax, unknownPolicy, leaseMs, receiptTtlMs: config.receiptTtlMs };
    },
  });
  app.addHook('onClose', () => erasures.stop());
  addErasureRoutes(app, { erasures, audit });
}

/** A connection that the configuration no longer names still has its dead letters: the first tenant's bounds hold for it. */
function boundsOf(config: Config, connectionId: string): Change['bounds'] {
  const { pendingMax, deadLettersMax, batchEntriesMax } = settingsOf(config, connectionId);
  return { pendingMax, deadLettersMax, entriesMax: batchEntriesMax };
}

function settingsOf(config: Config, connectionId: string): ConnectionConfig {
  return connectionSettings(config, connectionId)?.settings ?? config.tenants[0]!.settings;
}

/**
 * A POST without a body needs no preflight, so any page that an operator has open could send one here. Browsers say where
 * a POST comes from; programs say nothing and are let through.
 */
function refuseForeignPages({ app }: HttpServer): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { origin, host } = request.headers;
    const foreign = request.method !== 'GET' && request.method !== 'HEAD' && origin !== undefined;
    const own = origin === `http://${host}` || origin === `https://${host}`;
    done(foreign && !own ? refuse('origin_not_allowed') : undefined);
  });
}

/** Checked before a key is made of it. */
function refuseForeignNames({ app }: HttpServer): void {
  app.addHook('onRequest', (request, _reply, done) => {
    const { connectionId } = request.params as { readonly connectionId?: string };
    const foreign = connectionId !== undefined && !CONNECTION_ID.test(connectionId);
    done(foreign ? refuse('connection_not_found') : undefined);
  });
}

/** Without Redis there is only what this process knows of itself. */
async function renderMetrics(
  { metrics, watch, ...parts }: ConsoleParts,
  caller: Caller,
  onError: (error: unknown) => void,
) {
  const own = await metrics.render();
  try {
    const fleet = await measureFleet({ ...parts, rates: parts.fleet.rates, durability: watch.durability });
    const connections = fleet.connections.filter(({ connectionId }) => mayUse(caller, connectionId));
    return { ...own, text: `${own.text}${await renderFleet({ ...fleet, connections })}` };
  } catch (error) {
    onError(error);
    return own;
  }
}
