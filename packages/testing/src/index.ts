export * from './builders.ts';
export * from './cutting-proxy.ts';
export * from './eventually.ts';
export * from './manual-clock.ts';
export * from './spawn-service.ts';
export * from './start-redis.ts';
