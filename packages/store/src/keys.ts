/*
  Every key of Sluice starts with one of these three bases; scripts add the rest. All keys of a shard share one hash tag, so
  that a stage is one atomic script on Redis Cluster as well.

    shard       wake      zset    connection -> by when take must be called (the promise)
                lane:*    hash    one life of an intake: sequence -> answer, the last 4,096
                settled   zset    leases settled lately -> when, the last 4,096
                connections set
                receipts  zset    receipt ref -> when; r:* hash, one receipt
                ids       hash    generations of remembered ids; id:* set, a bucket of one
                keyed     hash    generations of Idempotency-Keys; key:* hash, a bucket of one
                idsForgotten, sweptAt string
                shards    string  how many there are (in the first one alone, as those that follow)
                alerts    hash    what a person was told -> beginning, begun or ending
                u:*       hash    the buckets of a caller: requests and activities
                audit     stream  who did what, the last 10,000
                sessions  hash    digest -> until when, whose; sessionEnds zset: digest -> its end
                credentials hash  tenant -> when its credential ends
                history   list    samples of the fleet for the charts, of an hour; historyAt string, when the last was kept
                erasures  hash    erasure -> how far it is; erasedAt zset, when that was written
                workers   zset    workers by when they were seen; workersSay hash, what they say of themselves
    connection  i:*       list    pending entries of an item, oldest first
                age, best zset    items by how long they wait; by fill, then by the age of their head
                later, whole zset retry groups -> due; whole ones (bisected halves) are never mixed; g:* list, a group
                lease     zset    calls in flight -> expiry; l:* list, a lease
                meta, q   hash    counters, pause, block; the bucket
                dead, parked stream    entries with that end, until they are replayed or discarded
                deadAnew, parkedAnew stream    the same, while an erasure writes it anew; a minute
                unknown   stream
                erasing   hash    performers who are being erased, by digest
                accepted  stream  what was accepted, only while somebody watches (tailed in meta says until when)
                calls, errors stream   the last calls, and the last not wholly delivered: for people
    tenant      q         hash    the bucket above its connections, until when it is active, the last refusal
                turns, waits zset connections in line for it: by their last granted call; by when they asked last
*/
export const SHARD_TAG = 's0';

export function shardBase(tag: string = SHARD_TAG): string {
  return `{${tag}}:`;
}

export function connectionsBase(tag: string = SHARD_TAG): string {
  return `{${tag}}:c:`;
}

export function connectionBase(connectionId: string, tag: string = SHARD_TAG): string {
  return `{${tag}}:c:${connectionId}:`;
}

export function tenantBase(tenantId: string, tag: string = SHARD_TAG): string {
  return `{${tag}}:t:${tenantId}:`;
}

/** The buckets of a caller: the id of a key, or of an application. */
export function callerBase(callerId: string, tag: string = SHARD_TAG): string {
  return `{${tag}}:u:${callerId}`;
}

export function auditKey(tag: string = SHARD_TAG): string {
  return `{${tag}}:audit`;
}

/** BullMQ's prefix: its queues lie in the shard's slot. */
export function queuePrefix(tag: string = SHARD_TAG): string {
  return `{${tag}}:bull`;
}
