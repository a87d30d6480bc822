/*
  Who is there to deliver. Each worker says so every few seconds; one that stops says that too, and one that was killed is
  forgotten after a while. Nothing is decided by it: it is for people who ask whether anybody works.
*/

export interface WorkerBeat {
  /** Of one life of one worker. */
  readonly id: string;
  readonly version: string;
  readonly host: string;
  readonly callsInFlight: number;
}

export interface SeenWorker extends WorkerBeat {
  /** By the store's clock. */
  readonly seenMs: number;
}

export interface WorkerBeats {
  /** Said again, it replaces what was said before. */
  noteWorker(beat: WorkerBeat): Promise<void>;
  forgetWorker(id: string): Promise<void>;
  /** Those seen within the last WORKER_KEPT_MS, and the store's clock. At most WORKERS_KEPT_MAX are kept. */
  workers(): Promise<{ readonly nowMs: number; readonly workers: readonly SeenWorker[] }>;
}

export const WORKER_BEAT_MS = 5000;
/** Who has not been seen for so long is not there: three beats. */
export const WORKER_ALIVE_MS = 15_000;
export const WORKER_KEPT_MS = 3_600_000;
export const WORKERS_KEPT_MAX = 1000;
