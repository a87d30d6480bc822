/* Erases a performer step by step: the port's requests as script arguments, their replies as its results. */
import {
  ERASE_LOOKED_AT_MAX,
  ERASURE_MARK_MS,
  ERASURES_MAX,
  type ErasureResult,
  type ErasureStep,
  type ErasureStore,
  GAPS_COPIED_MAX,
  GAPS_KEPT_MS,
  type GapsResult,
  type GapsStep,
  performerColumn,
} from '@sluice/core';
import type { RunScript } from './client.ts';

type Reply = readonly [
  status: 'walked' | 'lapsed' | 'busy',
  cursor: string,
  inFlight: number,
  pending: number,
  dead: number,
  parked: number,
  wakeAtMs: string,
];

export function redisErasure(run: RunScript, keysOf: (connectionId: string) => string[]): ErasureStore {
  return {
    erase: async (step) => {
      const args = argumentsOf('walk', step);
      return readErasure((await run('erase', keysOf(step.connectionId), args)) as Reply);
    },
    endErasure: async (connectionId, performerId) => {
      const nothing = {
        cursor: null,
        deadLettersMax: 0,
        entriesMax: 1,
        unknownPolicy: 'retry',
        receiptTtlMs: 0,
      } as const;
      await run('erase', keysOf(connectionId), argumentsOf('end', { connectionId, performerId, ...nothing }));
    },
    closeGaps: (step) => closeGaps(run, keysOf(step.connectionId).slice(0, 1), step),
  };
}

function argumentsOf(action: 'walk' | 'end', step: ErasureStep): (string | number)[] {
  return [
    step.connectionId,
    performerColumn(step.performerId),
    action,
    step.cursor ?? '',
    ERASE_LOOKED_AT_MAX,
    ERASURE_MARK_MS,
    ERASURES_MAX,
    step.deadLettersMax,
    step.entriesMax,
    step.unknownPolicy,
    step.receiptTtlMs,
  ];
}

function readErasure([status, cursor, inFlight, pending, dead, parked, wakeAtMs]: Reply): ErasureResult {
  if (status !== 'walked') return { status };
  return {
    status,
    cursor: cursor === '' ? null : cursor,
    inFlight,
    erased: { pending, dead, parked },
    wakeAtMs: wakeAtMs === '0' ? null : Number(wakeAtMs),
  };
}

async function closeGaps(run: RunScript, keys: string[], step: GapsStep): Promise<GapsResult> {
  const { state, cursor } = step;
  const args = [state, cursor ?? '', GAPS_COPIED_MAX, GAPS_KEPT_MS];
  const [status, copiedTo] = (await run('close-gaps', keys, args)) as [GapsResult['status'], string];
  return status === 'copied' ? { status, cursor: copiedTo } : { status };
}
