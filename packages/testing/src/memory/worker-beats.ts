import { WORKER_KEPT_MS, WORKERS_KEPT_MAX, type WorkerBeat } from '@sluice/core';
import type { Now, State } from './state.ts';

export function noteWorker({ workers }: State, beat: WorkerBeat, now: Now): void {
  const room = workers.has(beat.id) || workers.size < WORKERS_KEPT_MAX;
  forgetSilent(workers, now);
  if (room) workers.set(beat.id, { ...beat, seenMs: now.ms });
}

export function viewWorkers({ workers }: State, now: Now) {
  const seen = [...workers.values()].filter(({ seenMs }) => seenMs > now.ms - WORKER_KEPT_MS);
  return { nowMs: now.ms, workers: seen.sort((a, b) => a.seenMs - b.seenMs || (a.id < b.id ? -1 : 1)) };
}

function forgetSilent(workers: State['workers'], now: Now): void {
  for (const [id, { seenMs }] of workers) if (seenMs <= now.ms - WORKER_KEPT_MS) workers.delete(id);
}
