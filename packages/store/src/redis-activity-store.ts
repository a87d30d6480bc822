/* append → batch → settle on Redis: turns the port's requests into script arguments and their replies into its results. */
import {
  type ActivityStore,
  type AppendResult,
  type ConnectionView,
  LATENESS_US,
  type Learning,
  RECEIPTS_WATCHED_MAX,
  receiptRefIn,
  type SettleResult,
  shardTagIn,
  type TakeRequest,
  type TakeResult,
  TRACES_READ_MAX,
} from '@sluice/core';
import { redisAlerts } from './alerts.ts';
import { appendArguments, readAppend } from './append-arguments.ts';
import type { RunScript } from './client.ts';
import type { Confirm } from './confirm-replicated.ts';
import { changeDeadLetters, listDeadLetters } from './dead-letters.ts';
import { redisErasure } from './erasure.ts';
import { redisErasureNotes } from './erasure-notes.ts';
import { redisFleetHistory } from './fleet-history.ts';
import { redisForget } from './forget.ts';
import { connectionBase, connectionsBase, shardBase, tenantBase } from './keys.ts';
import { redisLookups } from './lookups.ts';
import { readBucket } from './read-bucket.ts';
import { type ConnectionReply, readConnection, VIEW_FIELDS } from './read-connection.ts';
import { readFleetNotes } from './read-fleet-notes.ts';
import { readReceipt } from './read-receipt.ts';
import { readTenant } from './read-tenant.ts';
import { settleArguments } from './settle-arguments.ts';
import { redisTail } from './tail.ts';
import { redisWorkerBeats } from './worker-beats.ts';

/** Receipts of reclaimed leases that are parked end with this. */
const RECEIPT_TTL_MS = 86_400_000;
/** Connections that one script reads. */
const VIEWS_A_CALL = 100;

export interface RedisStoreParts {
  readonly run: RunScript;
  /** Of the shard that all of it lies in. */
  readonly tag: string;
  readonly connectionIds: () => Promise<readonly string[]>;
  /** Absent: what is appended need not be on a replica. */
  readonly confirm?: Confirm;
}

export function redisActivityStore({ run, tag, connectionIds, confirm }: RedisStoreParts): ActivityStore {
  const shard = shardBase(tag);
  const baseOf = (connectionId: string) => connectionBase(connectionId, tag);
  const both = (connectionId: string) => [baseOf(connectionId), shard];
  const all = ({ connectionId, tenantId }: { readonly connectionId: string; readonly tenantId: string }) => [
    ...both(connectionId),
    tenantBase(tenantId, tag),
  ];
  return {
    append: async (piece) => {
      const append = async () => readAppend(await run('append', both(piece.connectionId), appendArguments(piece)));
      return confirm === undefined ? append() : appendConfirmed(append, confirm);
    },
    take: async (request) => readTake(request, await run('take', all(request), takeArguments(request))),
    settle: async (request) => readSettle(await run('settle', all(request), settleArguments(request))),
    learn: async (connectionId, version, learning) =>
      readLearn(await run('learn', [baseOf(connectionId)], learnArguments('connection', version, learning))),
    learnTenant: async (tenantId, version, learning) =>
      readLearn(await run('learn', [tenantBase(tenantId, tag)], learnArguments('tenant', version, learning))),
    sweep: async ({ lateMs, notWithinMs }) => (await run('sweep', [shard], [lateMs, notWithinMs])) as string[],
    receipt: async (receiptId) => {
      if (shardTagIn(receiptId) !== tag) return null;
      return readReceipt(receiptId, await run('receipt', [shard], [receiptRefIn(receiptId), connectionsBase(tag)]));
    },
    receiptRefOfKey: async ({ id, windowMs }) => {
      const [ref] = (await run('keyed-receipt', [shard], [id, windowMs])) as [string];
      return ref === '' ? null : ref;
    },
    isKeyRemembered: async ({ id, windowMs }) => {
      const [, remembered] = (await run('keyed-receipt', [shard], [id, windowMs])) as [string, number];
      return remembered === 1;
    },
    endedReceipts: async (receiptIds) => {
      if (receiptIds.length > RECEIPTS_WATCHED_MAX)
        throw new RangeError(`${receiptIds.length} receipts; at most ${RECEIPTS_WATCHED_MAX} a call.`);
      const refs = receiptIds.map(receiptRefIn);
      const ended = new Set((await run('ended-receipts', [shard], refs)) as string[]);
      return receiptIds.filter((_, n) => ended.has(refs[n]!));
    },
    connection: async (connectionId) => (await readViews(run, tag, [connectionId]))[0] ?? null,
    connections: async (connectionIds) => {
      const parts = Array.from({ length: Math.ceil(connectionIds.length / VIEWS_A_CALL) }, (_, n) =>
        connectionIds.slice(n * VIEWS_A_CALL, (n + 1) * VIEWS_A_CALL),
      );
      return (await Promise.all(parts.map((part) => readAllViews(run, tag, part)))).flat();
    },
    connectionIds,
    tenantQuota: async (tenantId) => readTenant(await run('tenant', [tenantBase(tenantId, tag)], [])),
    ...redisLookups(run, baseOf),
    ...redisErasure(run, both),
    ...ofTheFleet(run, tag),
    ...redisTail(run, baseOf),
    ...redisForget(run, both),
    noteTrace: async (receiptId, traceparent) => {
      await run('note-trace', [shard], [receiptRefIn(receiptId), traceparent]);
    },
    tracesOf: async (_connectionId, refs) => {
      if (refs.length > TRACES_READ_MAX)
        throw new RangeError(`${refs.length} receipts; at most ${TRACES_READ_MAX} a call.`);
      const traces = (await run('traces', [shard], [refs.join(' ')])) as readonly string[];
      return traces.map((trace) => (trace === '' ? null : trace));
    },
    fleetNotes: async () => readFleetNotes(await run('fleet-notes', [shard], [])),
    noteCredential: async (tenantId, expiresAtMs) => {
      await run('note-credential', [shard], [tenantId, expiresAtMs ?? '']);
    },
    pause: async (connectionId) => {
      await run('pause', both(connectionId), [connectionId, 'pause']);
    },
    resume: async (connectionId) => {
      const wakeAtMs = Number(await run('pause', both(connectionId), [connectionId, 'resume']));
      return wakeAtMs === 0 ? null : wakeAtMs;
    },
    deadLetters: (request) => listDeadLetters(run, both(request.connectionId), request),
    replay: (request) => changeDeadLetters(run, both(request.connectionId), { action: 'replay', ...request }),
    discard: (request) =>
      changeDeadLetters(run, both(request.connectionId), {
        action: 'discard',
        pendingMax: 0,
        entriesMax: 1,
        ...request,
      }),
  };
}

function ofTheFleet(run: RunScript, tag: string) {
  return {
    ...redisAlerts(run, tag),
    ...redisWorkerBeats(run, tag),
    ...redisFleetHistory(run, tag),
    ...redisErasureNotes(run, tag),
  };
}

/** Of those that had an entry, in their order. */
async function readAllViews(run: RunScript, tag: string, ids: readonly string[]): Promise<readonly ConnectionView[]> {
  const views: (ConnectionView | null)[] = [];
  while (views.length < ids.length) views.push(...(await readViews(run, tag, ids.slice(views.length))));
  return views.filter((view) => view !== null);
}

/** Of the first of them, one at least; null: it never had an entry. */
async function readViews(
  run: RunScript,
  tag: string,
  connectionIds: readonly string[],
): Promise<readonly (ConnectionView | null)[]> {
  const reply = await run('connections', [connectionsBase(tag)], [...VIEW_FIELDS, ...connectionIds]);
  const [nowMs, ...views] = reply as readonly [number, ...ConnectionReply[]];
  return views.map((view, n) => readConnection(connectionIds[n]!, nowMs, view));
}

async function appendConfirmed(append: () => Promise<AppendResult>, confirm: Confirm): Promise<AppendResult> {
  const sent = await confirm.begin();
  const result = await append();
  const isStored = 'appended' in result || result.status === 'replayed';
  return !isStored || (await confirm.isReplicated(sent)) ? result : { status: 'not-replicated', stored: result };
}

function takeArguments(request: TakeRequest): (string | number)[] {
  return [
    request.connectionId,
    request.leaseId,
    request.leaseMs,
    request.callTimeoutMs,
    request.lingerMs,
    request.ageBoundMs,
    request.entriesMax,
    request.inFlightMax,
    request.unknownPolicy,
    request.intervalInitialUs,
    RECEIPT_TTL_MS,
    request.viewedAgeMaxMs ?? 0,
  ];
}

function readTake(request: TakeRequest, reply: unknown): TakeResult {
  const r = reply as readonly (string | number | readonly string[])[];
  if (r[0] === 'waiting') {
    const untilMs = Number(r[2]);
    const reason = r[1] as 'empty';
    return {
      status: 'waiting',
      reason,
      untilMs: untilMs === 0 ? null : untilMs,
      nowMs: Number(r[3]),
      learn: readBucket(r[4]),
      learnTenant: readBucket(r[5]),
    };
  }
  return {
    status: 'leased',
    leaseId: request.leaseId,
    why: r[1] as 'best',
    itemId: String(r[2]),
    epoch: Number(r[3]),
    refusedInARow: Number(r[4]),
    failedInARow: Number(r[5]),
    probe: r[6] === 1,
    whole: r[7] === 1,
    awakeMs: Number(r[8]),
    nowMs: Number(r[9]),
    entries: r[10] as readonly string[],
    learn: readBucket(r[11]),
    tenantEpoch: Number(r[12]),
    learnTenant: readBucket(r[13]),
    missedBefore: r[14] === -1 ? null : Number(r[14]),
  };
}

function readSettle(reply: unknown): SettleResult {
  const [status, wakeAtMs, nowMs, bucket, ofTenant] = reply as readonly [
    SettleResult['status'],
    string,
    number,
    unknown,
    unknown,
  ];
  const learn = { learn: readBucket(bucket), learnTenant: readBucket(ofTenant) };
  return { status, wakeAtMs: Number(wakeAtMs) === 0 ? null : Number(wakeAtMs), nowMs, ...learn };
}

function learnArguments(owner: 'connection' | 'tenant', version: number, learning: Learning): (string | number)[] {
  const { memory, intervalUs, learnAtMs, closedUntilMs, latenessUs = LATENESS_US } = learning;
  return [owner, version, memory, intervalUs, learnAtMs, closedUntilMs, latenessUs];
}

function readLearn(reply: unknown): boolean {
  return (reply as readonly string[])[0] === 'learned';
}
