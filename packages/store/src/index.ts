export { ShardsDiffer } from './agree-on-shards.ts';
export type { RedisPlace, RedisRole } from './client.ts';
export { connectionBase, queuePrefix, SHARD_TAG, shardBase } from './keys.ts';
export { openRedisStore, type RedisStore, type RedisStoreOptions } from './open-redis-store.ts';
export { openRedisCheckup, type RedisCheckup } from './open-store-checkup.ts';
export type { ShardSettings } from './place.ts';
export type { Durability } from './read-durability.ts';
export { SHARD_TAGS, SHARDS_MAX, slotOf } from './shard-tags.ts';
