/*
  Where things lie when there are several shards. A tenant lies in one of them whole, with its connections, because a take
  decides over the quota of both in one step. What belongs to no tenant lies in the first shard, callers' quotas excepted.
*/
import { placeByName, shardTagIn } from '@sluice/core';
import { SHARD_TAGS, SHARDS_MAX } from './shard-tags.ts';

export interface ShardSettings {
  /** SLUICE_SHARDS: 1 to SHARDS_MAX. */
  readonly count: number;
  /** Sluice's name of the tenant that has a connection; null: none has it any more. */
  readonly tenantOf: (connectionId: string) => string | null;
}

export interface Place {
  /** One for each shard, in their order. */
  readonly tags: readonly string[];
  /** The number of a shard, from 0. */
  shardOf(connectionId: string): number;
  shardOfTenant(tenantId: string): number;
  shardOfCaller(callerId: string): number;
  /** Null: there is no such shard. */
  shardOfReceipt(receiptId: string): number | null;
  /** Whether the connection belongs there, as far as it is known whose it is. */
  belongsIn(connectionId: string, shard: number): boolean;
  /** Connections were found in a shard: where else to look for those of which nobody knows whose they are? */
  note(connectionIds: readonly string[], shard: number): void;
}

/** Connections that no tenant has any more; beyond it they are not found. */
const FOUND_MAX = 100_000;

export function openPlace({ count, tenantOf }: ShardSettings): Place {
  if (!Number.isInteger(count) || count < 1 || count > SHARDS_MAX)
    throw new RangeError(`${count} shards; 1 to ${SHARDS_MAX} are possible.`);
  const tags = SHARD_TAGS.slice(0, count);
  const found = new Map<string, number>();
  const shardOfTenant = (tenantId: string) => (count === 1 ? 0 : placeByName(tenantId, count));
  const ofTenant = (connectionId: string) => {
    const tenantId = tenantOf(connectionId);
    return tenantId === null ? null : shardOfTenant(tenantId);
  };
  return {
    tags,
    shardOf: (connectionId) => (count === 1 ? 0 : (ofTenant(connectionId) ?? found.get(connectionId) ?? 0)),
    shardOfTenant,
    shardOfCaller: shardOfTenant,
    shardOfReceipt: (receiptId) => {
      const shard = tags.indexOf(shardTagIn(receiptId));
      return shard === -1 ? null : shard;
    },
    belongsIn: (connectionId, shard) => (ofTenant(connectionId) ?? shard) === shard,
    note: (connectionIds, shard) => {
      for (const id of connectionIds) if (found.size < FOUND_MAX && tenantOf(id) === null) found.set(id, shard);
    },
  };
}
