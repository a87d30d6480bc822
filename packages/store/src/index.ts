export type { RedisRole } from './client.ts';
export { connectionBase, queuePrefix, SHARD_TAG, shardBase } from './keys.ts';
export { type Durability, openRedisStore, type RedisStore, type RedisStoreOptions } from './open-redis-store.ts';
