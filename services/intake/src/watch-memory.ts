/*
  Back-pressure: Redis must never be full, because a full Redis can neither take nor, cheaply, give back. So nothing more is
  taken from four fifths of maxmemory on, until it is clearly below that again. Looked at four times a second; a look that is
  older than a few seconds says nothing, and Redis itself refuses then.
*/
import { retryAfterS } from '@sluice/core';

/** Bytes that count against maxmemory, and that limit; 0: there is none. */
export interface StoreMemory {
  readonly usedBytes: number;
  readonly bytesMax: number;
}

export interface MemoryWatch {
  /** Null: there is room. Else for Retry-After: when there is room again, in seconds. */
  readonly fullForS: () => number | null;
  stop(): void;
}

export interface MemoryParts {
  readonly read: () => Promise<StoreMemory>;
  /** Milliseconds, never going back. */
  readonly clock: () => number;
  readonly chance: () => number;
  readonly onChange: (full: boolean, memory: StoreMemory) => void;
}

export const FULL_SHARE = 0.8;
/** Room again: below this, so that the answer does not change with every look. */
const ROOM_SHARE = 0.78;
const LOOK_EVERY_MS = 250;
const LOOK_KEPT_MS = 5000;
/** How long ago the use is compared with, to see how fast it falls. */
const COMPARED_MS = 4000;

interface Look extends StoreMemory {
  readonly atMs: number;
}

export function watchMemory({ read, clock, chance, onChange }: MemoryParts): MemoryWatch {
  const looks: Look[] = [];
  let full = false;
  let looking = false;

  async function look(): Promise<void> {
    const memory = await read();
    const atMs = clock();
    looks.push({ ...memory, atMs });
    while (looks.length > 1 && looks[0]!.atMs < atMs - COMPARED_MS) looks.shift();
    const was = full;
    full = memory.bytesMax > 0 && memory.usedBytes >= (full ? ROOM_SHARE : FULL_SHARE) * memory.bytesMax;
    if (full !== was) onChange(full, memory);
  }

  function lookAgain(): void {
    if (looking) return;
    looking = true;
    look()
      .catch(() => {})
      .finally(() => {
        looking = false;
      });
  }

  lookAgain();
  const timer = setInterval(lookAgain, LOOK_EVERY_MS);
  return {
    fullForS: () => {
      const [first, last] = [looks[0], looks.at(-1)];
      if (!full || first === undefined || last === undefined || clock() - last.atMs > LOOK_KEPT_MS) return null;
      const excess = last.usedBytes - ROOM_SHARE * last.bytesMax;
      const freed = first.usedBytes - last.usedBytes;
      const perSecond = last.atMs > first.atMs && freed > 0 ? (freed * 1000) / (last.atMs - first.atMs) : null;
      return retryAfterS({ excess, perSecond, chance: chance() });
    },
    stop: () => clearInterval(timer),
  };
}
