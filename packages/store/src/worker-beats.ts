/* Which workers are there: one sorted set by when they were seen, and what they say of themselves beside it. */
import { type SeenWorker, WORKER_KEPT_MS, WORKERS_KEPT_MAX, type WorkerBeats } from '@sluice/core';
import type { RunScript } from './client.ts';
import { shardBase } from './keys.ts';

export function redisWorkerBeats(run: RunScript, tag: string): WorkerBeats {
  const ask = async (action: string, id = '', told = '') =>
    (await run('worker-beats', [shardBase(tag)], [action, id, told, WORKER_KEPT_MS, WORKERS_KEPT_MAX])) as string[];
  return {
    noteWorker: async ({ id, ...told }) => {
      await ask('note', id, JSON.stringify(told));
    },
    forgetWorker: async (id) => {
      await ask('forget', id);
    },
    workers: async () => {
      const [, now, ...fields] = await ask('list');
      const nowMs = Number(now);
      const workers = Array.from({ length: fields.length / 3 }, (_, n) => readWorker(fields.slice(n * 3, n * 3 + 3)));
      return { nowMs, workers: workers.filter(({ seenMs }) => seenMs > nowMs - WORKER_KEPT_MS) };
    },
  };
}

function readWorker([id = '', seen, told]: readonly string[]): SeenWorker {
  const { version = '', host = '', callsInFlight = 0 } = told ? (JSON.parse(told) as Partial<SeenWorker>) : {};
  return { id, seenMs: Number(seen), version, host, callsInFlight };
}
