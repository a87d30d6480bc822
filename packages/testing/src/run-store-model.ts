/*
  Holds one store to another: the same random operations against both, in lock step, every answer and everything that can be
  seen compared. A difference is shrunk to the fewest operations that still show it and told with its seed.
*/
import { deepStrictEqual } from 'node:assert/strict';
import type { ContractStore, MakeStore } from './contract-store.ts';
import { describeOperation, describeValue } from './model/describe-operation.ts';
import { drawOperations, drawSettings } from './model/draw-operations.ts';
import type { ModelSettings, Operation } from './model/operations.ts';
import { playerOf } from './model/player.ts';
import { randomFrom } from './model/random.ts';

export interface StoreModelRun {
  readonly seed: number;
  readonly operations?: number;
  /** The specification. */
  readonly makeModel: MakeStore;
  /** What is held to it. */
  readonly makeStore: MakeStore;
  /** Runs spent on finding fewer operations; each needs two new stores. */
  readonly shrinkRunsMax?: number;
}

const OPERATIONS = 200;
const SHRINK_RUNS_MAX = 200;

export async function runStoreModel(run: StoreModelRun): Promise<void> {
  const random = randomFrom(run.seed);
  const settings = drawSettings(random);
  const operations = drawOperations(random, settings, run.operations ?? OPERATIONS);
  const first = await findDifference(run, settings, operations);
  if (first === null) return;
  throw new Error(describe(run.seed, settings, await shrink(run, settings, first)));
}

interface Difference {
  /** The last one shows it. */
  readonly operations: readonly Operation[];
  readonly how: string;
}

async function findDifference(
  { makeModel, makeStore }: StoreModelRun,
  settings: ModelSettings,
  operations: readonly Operation[],
): Promise<Difference | null> {
  const model = await makeModel();
  const store = await makeStore();
  try {
    return await playBoth(model, store, settings, operations);
  } finally {
    await Promise.all([model.dispose(), store.dispose()]);
  }
}

async function playBoth(
  model: ContractStore,
  store: ContractStore,
  settings: ModelSettings,
  operations: readonly Operation[],
): Promise<Difference | null> {
  const [expected, actual] = [playerOf(model, settings), playerOf(store, settings)];
  for (const [n, operation] of operations.entries()) {
    const [wanted, got] = await Promise.all([expected.play(operation), settledPlay(actual.play(operation))]);
    try {
      deepStrictEqual(got, wanted);
    } catch (error) {
      return { operations: operations.slice(0, n + 1), how: error instanceof Error ? error.message : String(error) };
    }
  }
  return null;
}

/** A store that throws differs, too. */
async function settledPlay(playing: Promise<unknown>): Promise<unknown> {
  try {
    return await playing;
  } catch (error) {
    return { threw: error instanceof Error ? error.message : String(error) };
  }
}

/** Leaves out ever smaller stretches of operations as long as something still differs. */
async function shrink(run: StoreModelRun, settings: ModelSettings, first: Difference): Promise<Difference> {
  let best = first;
  let runs = run.shrinkRunsMax ?? SHRINK_RUNS_MAX;
  for (let size = Math.ceil(best.operations.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let from = 0; from < best.operations.length - 1 && runs > 0; runs--) {
      const fewer = [...best.operations.slice(0, from), ...best.operations.slice(from + size)];
      const difference = await findDifference(run, settings, fewer);
      if (difference === null) from += size;
      else best = difference;
    }
  }
  return best;
}

function describe(seed: number, settings: ModelSettings, { operations, how }: Difference): string {
  const lines = operations.map((operation, n) => `  ${n + 1}. ${describeOperation(operation)}`);
  return [
    `The store and the model differ (seed ${seed}) at the last of these operations.`,
    `  settings: ${describeValue(settings)}`,
    ...lines,
    'In what follows + is the store, - is the model.',
    how,
  ].join('\n');
}
