/* Chance as an argument: a seed gives the same sequence everywhere. */

/** From 0 up to, not including, 1. */
export type Random = () => number;

/** Mulberry32 (T. Ettinger, public domain): 32 bits of state, enough for faults and shuffles, not for secrets. */
export function seededRandom(seed: number): Random {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The positions 0 to count − 1 in another order (Fisher-Yates); perhaps, by chance, the same. */
export function shuffledPositions(count: number, random: Random): number[] {
  const positions = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [positions[i], positions[j]] = [positions[j]!, positions[i]!];
  }
  return positions;
}

/** Which entries of a 207 fail: at least one, and never all unless there is only one. */
export function pickFailing(count: number, random: Random): ReadonlySet<number> {
  const failing = 1 + Math.floor(random() * Math.max(0, count - 1));
  return new Set(shuffledPositions(count, random).slice(0, failing));
}
