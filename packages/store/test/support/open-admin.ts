/* A connection for what only a test does to Redis: FLUSHALL, KEYS, CONFIG SET, looking into keys and putting something there. */
import type { RedisServer } from '@sluice/testing';
import { Redis } from 'ioredis';

export function openAdmin({ adminUrl }: Pick<RedisServer, 'adminUrl'>): Redis {
  const redis = new Redis(adminUrl, { maxRetriesPerRequest: null, disableClientInfo: true });
  redis.on('error', () => {});
  return redis;
}
