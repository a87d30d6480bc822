/* Forgetting a connection as script arguments and reply. */
import { FORGET_LOOKED_AT_MAX, type ForgetResult, type ForgetStore } from '@sluice/core';
import type { RunScript } from './client.ts';

type Reply = readonly [status: ForgetResult['status'], ...counts: number[]];

export function redisForget(run: RunScript, keysOf: (connectionId: string) => readonly string[]): ForgetStore {
  return {
    forget: async ({ connectionId, discardPending, entriesMax, receiptTtlMs }) => {
      const words = [connectionId, discardPending ? 1 : 0, FORGET_LOOKED_AT_MAX, entriesMax, receiptTtlMs];
      const [status, pending = 0, dead = 0, parked = 0, discarded = 0] = (await run(
        'forget',
        keysOf(connectionId),
        words,
      )) as Reply;
      return { status, pending, dead, parked, discarded };
    },
  };
}
