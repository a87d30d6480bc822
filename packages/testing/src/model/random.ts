/* Chance from a seed (mulberry32), so that a run can be repeated. */
export interface Random {
  /** A whole number from 0 to below n. */
  below(n: number): number;
  chance(share: number): boolean;
  oneOf<T>(values: readonly T[]): T;
}

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = (n: number) => Math.floor(next() * n);
  return { below, chance: (share) => next() < share, oneOf: (values) => values[below(values.length)]! };
}
