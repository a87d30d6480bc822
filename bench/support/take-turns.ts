/* A B C, A B C, …: whatever the machine does meanwhile, it does to all sides. The first time is to warm up and not kept. */

export interface Side<T> {
  readonly name: string;
  /** `counted` false: to warm up; may be shorter. */
  run(turn: { readonly counted: boolean }): Promise<T>;
}

export interface Turns<T> {
  readonly rounds: number;
  /** Hears of each round. */
  readonly tell: (round: string, results: readonly T[]) => void;
  /** Before each round. */
  readonly prepare?: () => Promise<void>;
  /** A round that was disturbed is not kept but played again, so often in all; then they are kept as they come. */
  readonly isDisturbed?: (results: readonly T[]) => boolean;
  readonly repeatsMax?: number;
}

/** Answers what each side's rounds gave, in the order of the sides. */
export async function takeTurns<T>(sides: readonly Side<T>[], turns: Turns<T>): Promise<T[][]> {
  const { rounds, tell, prepare = async () => {}, isDisturbed = () => false } = turns;
  const kept = sides.map((): T[] => []);
  let repeats = turns.repeatsMax ?? 0;
  await playRound(sides, false);
  for (let round = 1; round <= rounds; ) {
    await prepare();
    const results = await playRound(sides, true);
    const again = repeats > 0 && isDisturbed(results);
    tell(`round ${round} of ${rounds}${again ? ', disturbed' : ''}`, results);
    if (again) {
      repeats--;
      continue;
    }
    for (const [at, result] of results.entries()) kept[at]!.push(result);
    round++;
  }
  return kept;
}

async function playRound<T>(sides: readonly Side<T>[], counted: boolean): Promise<T[]> {
  const results: T[] = [];
  for (const side of sides) results.push(await side.run({ counted }));
  return results;
}
