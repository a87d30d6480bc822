/* One store of several shards: whom each request concerns says which shard answers it, and what concerns all is added up. */
import type { ActivityStore, ConnectionView } from '@sluice/core';
import type { Place } from './place.ts';

export function spreadOverShards(shards: readonly ActivityStore[], place: Place): ActivityStore {
  const [first] = shards as readonly [ActivityStore, ...ActivityStore[]];
  if (shards.length === 1) return first;
  const of = (connectionId: string) => shards[place.shardOf(connectionId)]!;
  const ofTenant = (tenantId: string) => shards[place.shardOfTenant(tenantId)]!;
  return {
    append: (piece) => of(piece.connectionId).append(piece),
    take: (request) => of(request.connectionId).take(request),
    settle: (request) => of(request.connectionId).settle(request),
    learn: (connectionId, version, learning) => of(connectionId).learn(connectionId, version, learning),
    learnTenant: (tenantId, version, learning) => ofTenant(tenantId).learnTenant(tenantId, version, learning),
    tenantQuota: (tenantId) => ofTenant(tenantId).tenantQuota(tenantId),
    sweep: (request) => sweepAll(shards, request),
    pause: (connectionId) => of(connectionId).pause(connectionId),
    resume: (connectionId) => of(connectionId).resume(connectionId),

    connection: (connectionId) => of(connectionId).connection(connectionId),
    connections: async (connectionIds) => {
      const groups = Map.groupBy(connectionIds, (id) => place.shardOf(id));
      const views = await Promise.all([...groups].map(([shard, ids]) => shards[shard]!.connections(ids)));
      const byId = new Map(views.flat().map((view): [string, ConnectionView] => [view.connectionId, view]));
      return connectionIds.map((id) => byId.get(id)).filter((view) => view !== undefined);
    },
    connectionIds: async () => {
      const found = await Promise.all(shards.map((shard) => shard.connectionIds()));
      for (const [shard, ids] of found.entries()) place.note(ids, shard);
      return [...new Set(found.flat())];
    },
    settledCalls: (connectionId, which, callsMax) => of(connectionId).settledCalls(connectionId, which, callsMax),
    unknownCalls: (connectionId, beforeId, max) => of(connectionId).unknownCalls(connectionId, beforeId, max),
    items: (connectionId, itemsMax) => of(connectionId).items(connectionId, itemsMax),
    item: (connectionId, itemId) => of(connectionId).item(connectionId, itemId),
    deadLetters: (request) => of(request.connectionId).deadLetters(request),
    replay: (request) => of(request.connectionId).replay(request),
    discard: (request) => of(request.connectionId).discard(request),
    erase: (step) => of(step.connectionId).erase(step),
    endErasure: (connectionId, performerId) => of(connectionId).endErasure(connectionId, performerId),
    closeGaps: (step) => of(step.connectionId).closeGaps(step),
    tail: (request) => of(request.connectionId).tail(request),
    forget: (request) => of(request.connectionId).forget(request),
    recentEnds: (request) => of(request.connectionId).recentEnds(request),

    ...receiptsOf(shards, place),
    receiptRefOfKey: (key) => of(key.connectionId).receiptRefOfKey(key),
    isKeyRemembered: (key) => of(key.connectionId).isKeyRemembered(key),
    tracesOf: (connectionId, refs) => of(connectionId).tracesOf(connectionId, refs),

    // What is of the fleet as a whole lies in the first shard.
    sightAlert: first.sightAlert,
    alertTold: first.alertTold,
    alertKeys: first.alertKeys,
    noteWorker: first.noteWorker,
    forgetWorker: first.forgetWorker,
    workers: first.workers,
    keepFleetSample: first.keepFleetSample,
    fleetSamples: first.fleetSamples,
    noteErasure: first.noteErasure,
    erasureNote: first.erasureNote,
    runningErasure: first.runningErasure,
    noteCredential: first.noteCredential,
    fleetNotes: async () => {
      const [notes, ...others] = await Promise.all(shards.map((shard) => shard.fleetNotes()));
      const forgotten = [notes!, ...others].map(({ idsForgottenMs }) => idsForgottenMs).filter((ms) => ms !== null);
      return { ...notes!, idsForgottenMs: forgotten.length === 0 ? null : Math.max(...forgotten) };
    },
  };
}

function receiptsOf(shards: readonly ActivityStore[], place: Place) {
  const of = (receiptId: string) => {
    const shard = place.shardOfReceipt(receiptId);
    return shard === null ? null : shards[shard]!;
  };
  return {
    receipt: async (receiptId) => (await of(receiptId)?.receipt(receiptId)) ?? null,
    endedReceipts: async (receiptIds) => {
      const groups = Map.groupBy(receiptIds, (id) => place.shardOfReceipt(id) ?? -1);
      const ended = await Promise.all(
        [...groups].map(([shard, ids]) => shards[shard]?.endedReceipts(ids) ?? Promise.resolve(ids)),
      );
      const known = new Set(ended.flat());
      return receiptIds.filter((id) => known.has(id));
    },
    noteTrace: async (receiptId, traceparent) => of(receiptId)?.noteTrace(receiptId, traceparent),
  } satisfies Partial<ActivityStore>;
}

/** A shard that does not answer keeps none of the others from being swept. */
async function sweepAll(
  shards: readonly ActivityStore[],
  request: Parameters<ActivityStore['sweep']>[0],
): Promise<readonly string[]> {
  const swept = await Promise.allSettled(shards.map((shard) => shard.sweep(request)));
  const failed = swept.find((one) => one.status === 'rejected');
  const overdue = swept.flatMap((one) => (one.status === 'fulfilled' ? one.value : []));
  if (failed !== undefined && overdue.length === 0) throw failed.reason;
  return overdue;
}
