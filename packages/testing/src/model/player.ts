/* Plays operations against one store, and answers what can be seen from outside after each. */
import assert from 'node:assert/strict';
import type { ActivityStore, ConnectionView, ErasureResult, Lease } from '@sluice/core';
import { makeSettle } from '../builders.ts';
import type { ContractStore } from '../contract-store.ts';
import { MODEL_CONNECTIONS, MODEL_TENANTS, modelTenantOf } from './draw-operations.ts';
import { type EndedPlayer, endedPlayer } from './ended-player.ts';
import type { ModelSettings, Operation } from './operations.ts';

/** As makeSettle has it. */
const RECEIPT_TTL_MS = 86_400_000;

export interface Player {
  /** The operation's own answer, and everything the port shows afterwards. */
  play(operation: Operation): Promise<Seen>;
}

export interface Seen {
  readonly answer: unknown;
  readonly connectionIds: readonly string[];
  readonly connections: readonly unknown[];
  readonly tenants: readonly unknown[];
  readonly receipts: readonly unknown[];
  readonly unknown: readonly unknown[];
}

interface Taken {
  readonly connectionId: string;
  lease: Lease;
  settled: boolean;
}

export function playerOf({ store, advance }: ContractStore, settings: ModelSettings): Player {
  const taken: Taken[] = [];
  const receiptIds = new Set<string>();
  const playEnded = endedPlayer(store, settings);

  async function perform(operation: Operation): Promise<unknown> {
    switch (operation.op) {
      case 'append':
        if (operation.piece.receiptId !== null) receiptIds.add(operation.piece.receiptId);
        return store.append(operation.piece);
      case 'take':
        return take(operation);
      case 'settle':
        return settle(operation);
      case 'learn':
        return learn(store, operation);
      case 'list':
      case 'replay':
      case 'discard':
        return playEnded.play(operation);
      case 'erase':
        return erase(store, settings, operation);
      case 'pause':
        return store.pause(operation.connectionId);
      case 'resume':
        return store.resume(operation.connectionId);
      case 'forget':
        return forget(store, operation, { entriesMax: settings.take.entriesMax, ended: playEnded });
      case 'sweep':
        return store.sweep(operation);
      case 'advance':
        return advance(operation.ms);
      default:
        return operation satisfies never;
    }
  }

  async function take({ connectionId, leaseId, resend }: Extract<Operation, { op: 'take' }>): Promise<unknown> {
    // Only a take whose answer was lost is sent again, and then nothing was settled.
    const open = taken.filter(({ settled }) => !settled);
    const again = resend === null ? undefined : at(open, resend);
    const ids = again === undefined ? { connectionId, leaseId } : { ...again, leaseId: again.lease.leaseId };
    const { connectionId: id } = ids;
    const request = { connectionId: id, tenantId: modelTenantOf(id), leaseId: ids.leaseId };
    const result = await store.take({ ...settings.take, ...request });
    if (result.status !== 'leased') return result;
    if (again === undefined) taken.push({ lease: result, connectionId, settled: false });
    else again.lease = result;
    return result;
  }

  async function settle(operation: Extract<Operation, { op: 'settle' }>): Promise<unknown> {
    const { again, lease: place, verdicts, call } = operation;
    const candidates = taken.filter(({ settled }) => settled === again);
    const chosen = at(candidates, place);
    if (chosen === undefined) return null;
    const { lease, connectionId } = chosen;
    chosen.settled = true;
    const entries = verdicts.slice(0, lease.entries.length);
    return store.settle(
      makeSettle({
        connectionId,
        leaseId: lease.leaseId,
        tenantId: modelTenantOf(connectionId),
        epoch: lease.epoch,
        tenantEpoch: lease.tenantEpoch,
        settlement: { entries, call },
        deadLettersMax: settings.deadLettersMax,
        entriesMax: settings.take.entriesMax,
        inFlightMax: settings.take.inFlightMax,
      }),
    );
  }

  return {
    async play(operation) {
      const answer = await perform(operation);
      return {
        answer,
        ...(await seenOf(store)),
        receipts: await Promise.all([...receiptIds].map((id) => store.receipt(id))),
      };
    },
  };
}

interface Forgetting {
  readonly entriesMax: number;
  readonly ended: EndedPlayer;
}

async function forget(
  store: ActivityStore,
  { connectionId, discardPending }: Extract<Operation, { op: 'forget' }>,
  { entriesMax, ended }: Forgetting,
): Promise<unknown> {
  const result = await store.forget({ connectionId, discardPending, entriesMax, receiptTtlMs: RECEIPT_TTL_MS });
  // Ids and cursors of a connection that is gone mean nothing to the one that comes after it.
  if (result.status === 'forgotten') ended.forget(connectionId);
  return result;
}

/** What can be seen beside receipts. */
async function seenOf(store: ContractStore['store']) {
  const connections = await Promise.all(MODEL_CONNECTIONS.map((id) => store.connection(id)));
  for (const view of connections) if (view !== null) assertBalanced(view);
  return {
    connections,
    unknown: await Promise.all(MODEL_CONNECTIONS.map((id) => readUnknown(store, id))),
    connectionIds: [...(await store.connectionIds())].sort(),
    notes: await store.fleetNotes(),
    tenants: await Promise.all(MODEL_TENANTS.map((id) => store.tenantQuota(id))),
  };
}

/** Ids are each store's own: the second half is asked for by them. */
async function readUnknown(store: ActivityStore, connectionId: string): Promise<readonly unknown[]> {
  const first = await store.unknownCalls(connectionId, null, 2);
  const last = first.at(-1);
  const more = last === undefined ? [] : await store.unknownCalls(connectionId, last.id, 3);
  return [...first, ...more].map(({ id, ...call }) => call);
}

/** What goes in comes out, or is still there. */
function assertBalanced(view: ConnectionView): void {
  const { appended, replayed, delivered, dead, parked, expired, erasedPending, discardedPending, pending } = view;
  assert.equal(
    appended + replayed,
    delivered + dead + parked + expired + erasedPending + discardedPending + pending,
    `${view.connectionId}: entries are lost or made`,
  );
  const { discardedDead, discardedParked, erasedDead, erasedParked } = view;
  const kept = dead + parked - replayed - discardedDead - discardedParked - erasedDead - erasedParked;
  assert.equal(view.deadLetters + view.parkedEntries, kept, `${view.connectionId}: ended entries are lost or made`);
}

/** A whole walk: where its steps end is each store's own. */
async function erase(
  store: ActivityStore,
  { take, deadLettersMax }: ModelSettings,
  { connectionId, performerId, ends }: Extract<Operation, { op: 'erase' }>,
): Promise<unknown> {
  const { entriesMax, unknownPolicy } = take;
  const step = { connectionId, performerId, deadLettersMax, entriesMax, unknownPolicy, receiptTtlMs: RECEIPT_TTL_MS };
  let [cursor, inFlight, wakeAtMs]: [string | null, number, number | null] = [null, 0, null];
  let last: ErasureResult;
  do {
    last = await store.erase({ ...step, cursor });
    if (last.status !== 'walked') return last;
    cursor = last.cursor;
    inFlight += last.inFlight;
    wakeAtMs ??= last.wakeAtMs;
  } while (cursor !== null);
  if (ends) await store.endErasure(connectionId, performerId);
  return { ...last, inFlight, wakeAtMs };
}

function at(taken: readonly Taken[], place: number): Taken | undefined {
  return taken[Math.floor(place * taken.length)];
}

async function learn(store: ActivityStore, operation: Extract<Operation, { op: 'learn' }>): Promise<unknown> {
  const { connectionId, ofTenant, versionsBehind, closeMs, learning, learnInMs } = operation;
  const view = await store.connection(connectionId);
  if (view === null) return null;
  const tenantId = modelTenantOf(connectionId);
  const bucket = ofTenant ? (await store.tenantQuota(tenantId)).bucket : view.bucket;
  if (bucket === null) return null;
  const decided = {
    ...learning,
    learnAtMs: view.nowMs + learnInMs,
    closedUntilMs: closeMs === 0 ? 0 : view.nowMs + closeMs,
  };
  const version = bucket.version - versionsBehind;
  return ofTenant ? store.learnTenant(tenantId, version, decided) : store.learn(connectionId, version, decided);
}
