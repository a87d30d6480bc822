import type { CallerQuotas, Charged } from '@sluice/core';
import type { RunScript } from './client.ts';
import { callerBase } from './keys.ts';

type Reply = readonly ['granted' | 'refused', retryAfterMs: number];

export function redisCallerQuotas(run: RunScript, tagOf: (callerId: string) => string): CallerQuotas {
  return {
    charge: async ({ callerId, requests, activities, limits }): Promise<Charged> => {
      const { requestsPerSecond, activitiesPerSecond } = limits;
      const args = [requests, activities, requestsPerSecond ?? 0, activitiesPerSecond ?? 0];
      const [status, retryAfterMs] = (await run('charge', [callerBase(callerId, tagOf(callerId))], args)) as Reply;
      return status === 'granted' ? { status } : { status, retryAfterMs };
    },
  };
}
