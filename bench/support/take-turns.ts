/* A B C, A B C, …: whatever the machine does meanwhile, it does to all sides. The first time is to warm up and not kept. */

export interface Side<T> {
  readonly name: string;
  /** `counted` false: to warm up; may be shorter. */
  run(turn: { readonly counted: boolean }): Promise<T>;
}

/** Answers what each side's rounds gave, in the order of the sides. `tell` hears of each round. */
export async function takeTurns<T>(
  sides: readonly Side<T>[],
  rounds: number,
  tell: (round: number, results: readonly T[]) => void,
): Promise<T[][]> {
  const kept = sides.map((): T[] => []);
  for (let round = 0; round <= rounds; round++) {
    const results: T[] = [];
    for (const side of sides) results.push(await side.run({ counted: round > 0 }));
    if (round === 0) continue;
    for (const [at, result] of results.entries()) kept[at]!.push(result);
    tell(round, results);
  }
  return kept;
}
