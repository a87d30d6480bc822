/* Items that appear late: each is unknown until a while after it was first asked for. */

export interface Appearances {
  isThere(item: string, afterMs: number, nowMs: number): boolean;
  clear(): void;
}

const ITEMS_MAX = 1_000_000;

export function createAppearances(): Appearances {
  const firstAskedMs = new Map<string, number>();
  return {
    isThere(item, afterMs, nowMs) {
      if (afterMs === 0) return true;
      const asked = firstAskedMs.get(item);
      if (asked !== undefined) return nowMs >= asked + afterMs;
      if (firstAskedMs.size >= ITEMS_MAX) firstAskedMs.delete(firstAskedMs.keys().next().value!);
      firstAskedMs.set(item, nowMs);
      return false;
    },
    clear: () => firstAskedMs.clear(),
  };
}
