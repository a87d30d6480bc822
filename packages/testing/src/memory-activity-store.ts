/*
  The store in memory: the port's prose made executable, in the plainest way, to hold the store on Redis to it. It is one
  store of one test: nothing is bounded but what the port bounds.
*/
import { type ActivityStore, RECEIPT_REF_LENGTH } from '@sluice/core';
import { alertTold, recentEnds, sightAlert } from './memory/alerts.ts';
import { appendPiece } from './memory/append-piece.ts';
import { pauseConnection, resumeConnection } from './memory/block.ts';
import { viewConnection } from './memory/connection-view.ts';
import { discardEnded, listEnded, replayEnded } from './memory/ended-entries.ts';
import { endErasure, eraseStep } from './memory/erasure.ts';
import { findErasure, noteErasure, runningErasure } from './memory/erasure-notes.ts';
import { keepFleetSample, viewFleetSamples } from './memory/fleet-history.ts';
import { noteCredential, viewFleetNotes } from './memory/fleet-notes.ts';
import { forgetConnection } from './memory/forget.ts';
import { findKey } from './memory/keyed.ts';
import { learn } from './memory/learning.ts';
import { viewCalls, viewItem, viewItems, viewUnknown } from './memory/lookups.ts';
import { itemsBefore } from './memory/pick-item.ts';
import { sweepPromises } from './memory/promise.ts';
import { viewReceipt } from './memory/receipt.ts';
import { settleLease } from './memory/settle-lease.ts';
import { connectionOf, emptyState, knownConnections, type Now } from './memory/state.ts';
import { readTail } from './memory/tail.ts';
import { takeLease } from './memory/take-lease.ts';
import { learnTenant, tenantOf } from './memory/tenant.ts';
import { noteWorker, viewWorkers } from './memory/worker-beats.ts';

export interface MemoryActivityStore extends ActivityStore {
  /** By when somebody must call take; null: nobody needs to. */
  promiseMs(connectionId: string): number | null;
}

export interface MemoryActivityStoreOptions {
  /** The store's clock, microseconds since 1970. */
  readonly nowUs: () => number;
}

export function createMemoryActivityStore({ nowUs }: MemoryActivityStoreOptions): MemoryActivityStore {
  const state = emptyState();
  const now = (): Now => {
    const us = nowUs();
    return { us, ms: Math.floor(us / 1000) };
  };
  return {
    append: async (piece) => structuredClone(appendPiece(state, piece, now())),
    take: async (request) => structuredClone(takeLease(state, request, now())),
    settle: async (request) => structuredClone(settleLease(state, request, now())),
    learn: async (id, version, learning) => {
      return learn(connectionOf(state, id), { version, learning }, now());
    },
    learnTenant: async (id, version, learning) => learnTenant(tenantOf(state, id), { version, learning }, now()),
    tenantQuota: async (id) => structuredClone(tenantOf(state, id).quota),
    settledCalls: async (id, which, max) => structuredClone(viewCalls(connectionOf(state, id), which, max)),
    unknownCalls: async (id, beforeId, max) => structuredClone(viewUnknown(connectionOf(state, id), beforeId, max)),
    items: async (id, max) => viewItems(connectionOf(state, id), max, now()),
    item: async (id, itemId) => {
      const connection = connectionOf(state, id);
      return structuredClone(viewItem(connection, itemId, itemsBefore(connection, itemId), now()));
    },
    sightAlert: async (sighting) => sightAlert(state, sighting, now()),
    alertTold: async (key) => alertTold(state, key),
    alertKeys: async () => [...state.alerts.keys()],
    recentEnds: async ({ connectionId, sinceMs, most }) => recentEnds(connectionOf(state, connectionId), sinceMs, most),
    noteTrace: async (receiptId, traceparent) => {
      const known = viewReceipt(state, receiptId, now()) !== null;
      const ref = receiptId.slice(-RECEIPT_REF_LENGTH);
      if (known && !state.traces.has(ref)) state.traces.set(ref, traceparent);
    },
    tracesOf: async (_connectionId, refs) => refs.map((ref) => state.traces.get(ref) ?? null),
    tail: async (request) => {
      const connection = knownConnections(state).find(({ id }) => id === request.connectionId);
      return connection === undefined ? null : structuredClone(readTail(connection, request, now()));
    },
    noteWorker: async (beat) => noteWorker(state, beat, now()),
    forgetWorker: async (id) => void state.workers.delete(id),
    workers: async () => structuredClone(viewWorkers(state, now())),
    keepFleetSample: async (sample) => keepFleetSample(state, sample, now()),
    fleetSamples: async (from) => viewFleetSamples(state, from),
    noteErasure: async (note) => noteErasure(state, note, now()),
    erasureNote: async (id) => findErasure(state, id, now()),
    runningErasure: async (of) => runningErasure(state, of, now()),
    fleetNotes: async () => structuredClone(viewFleetNotes(state, now())),
    noteCredential: async (tenantId, expiresAtMs) => noteCredential(state, tenantId, expiresAtMs),
    sweep: async (request) => sweepPromises(state, request, now()),
    receipt: async (receiptId) => structuredClone(viewReceipt(state, receiptId, now())),
    receiptRefOfKey: async (key) => findKey(state, key, now())?.receiptRef ?? null,
    isKeyRemembered: async (key) => {
      const found = findKey(state, key, now());
      return found !== null && found !== undefined;
    },
    endedReceipts: async (receiptIds) => receiptIds.filter((id) => viewReceipt(state, id, now())?.final !== false),
    connection: async (id) => {
      const connection = knownConnections(state).find((known) => known.id === id);
      return connection === undefined ? null : structuredClone(viewConnection(connection, now()));
    },
    connections: async (ids) => {
      const known = knownConnections(state);
      const found = ids.map((id) => known.find((each) => each.id === id)).filter((each) => each !== undefined);
      return structuredClone(found.map((each) => viewConnection(each, now())));
    },
    connectionIds: async () => knownConnections(state).map(({ id }) => id),
    forget: async (request) => forgetConnection(state, request, now()),
    pause: async (id) => {
      pauseConnection(connectionOf(state, id), now());
    },
    resume: async (id) => {
      return resumeConnection(connectionOf(state, id), now());
    },
    deadLetters: async (request) => structuredClone(listEnded(connectionOf(state, request.connectionId), request)),
    replay: async (request) => replayEnded(state, request, now()),
    discard: async (request) => discardEnded(state, request, now()),
    erase: async (step) => structuredClone(eraseStep(state, step, now())),
    endErasure: async (connectionId, performerId) => endErasure(state, connectionId, performerId),
    // What is taken out of memory leaves nothing behind.
    closeGaps: async () => ({ status: 'closed' }),
    promiseMs: (id) => connectionOf(state, id).promiseMs,
  };
}
