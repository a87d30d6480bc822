/*
  How many bytes of bodies may be in work at once: as many as are answered in time. Slow answers lower it, quick ones raise it
  again, so that it follows the machine and the store, and nothing that was taken waits for what came with it.
*/

export interface BudgetLimits {
  readonly bytesMin: number;
  readonly bytesMax: number;
}

export interface Budget {
  readonly bytes: () => number;
  /** A body was answered, so long after it had arrived. */
  answered(ms: number): void;
}

const SLOW_MS = 300;
const QUICK_MS = 150;
const LOWERED_TO = 0.85;
/** One slow moment is told by many answers. */
const LOWERED_EVERY_MS = 50;
const RAISED_BYTES = 128 * 1024;

export function adaptBudget({ bytesMin, bytesMax }: BudgetLimits, clock: () => number): Budget {
  let bytes = bytesMax;
  let loweredAtMs = Number.NEGATIVE_INFINITY;
  return {
    bytes: () => bytes,
    answered: (ms) => {
      if (ms < QUICK_MS) bytes = Math.min(bytesMax, bytes + RAISED_BYTES);
      if (ms <= SLOW_MS || clock() - loweredAtMs < LOWERED_EVERY_MS) return;
      loweredAtMs = clock();
      bytes = Math.max(bytesMin, bytes * LOWERED_TO);
    },
  };
}
