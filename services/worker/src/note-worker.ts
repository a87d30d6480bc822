/* Tells the fleet that this worker is there, so that people can see who works. Whatever goes wrong with it holds up nothing. */
import { WORKER_BEAT_MS, type WorkerBeat, type WorkerBeats } from '@sluice/core';

export interface NoteWorkerParts {
  readonly store: Pick<WorkerBeats, 'noteWorker' | 'forgetWorker'>;
  readonly beat: () => WorkerBeat;
  readonly onError: (error: unknown) => void;
}

/** Begins at once. `stop` says that it goes, and waits for that. */
export function noteWorkerAlive({ store, beat, onError }: NoteWorkerParts): { stop(): Promise<void> } {
  let noting = false;
  async function note(): Promise<void> {
    // A Redis that is away is waited for; the next turn need not wait as well.
    if (noting) return;
    noting = true;
    await store.noteWorker(beat()).catch(onError);
    noting = false;
  }
  void note();
  const timer = setInterval(() => void note(), WORKER_BEAT_MS);
  return {
    stop: async () => {
      clearInterval(timer);
      await store.forgetWorker(beat().id).catch(onError);
    },
  };
}
