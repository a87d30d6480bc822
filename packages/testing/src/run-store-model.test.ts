import assert from 'node:assert/strict';
import test from 'node:test';
import type { ActivityStore, TakeResult } from '@sluice/core';
import type { MakeStore } from './contract-store.ts';
import { makeMemoryContractStore } from './make-memory-contract-store.ts';
import { runStoreModel } from './run-store-model.ts';

/** The model with one fault, to see that it is found. */
function withFault(fault: (store: ActivityStore) => Partial<ActivityStore>): MakeStore {
  return async () => {
    const made = await makeMemoryContractStore();
    return { ...made, store: { ...made.store, ...fault(made.store) } };
  };
}

async function differenceOf(makeStore: MakeStore): Promise<string> {
  for (let seed = 1; seed <= 20; seed++) {
    try {
      await runStoreModel({ seed, makeModel: makeMemoryContractStore, makeStore });
    } catch (error) {
      return (error as Error).message;
    }
  }
  return assert.fail('20 runs found no difference');
}

test('two stores that do the same do not differ', async () => {
  for (let seed = 1; seed <= 10; seed++) {
    await runStoreModel({ seed, makeModel: makeMemoryContractStore, makeStore: makeMemoryContractStore });
  }
});

test('a fault is told with its seed and the few operations that show it', async () => {
  const turned = (result: TakeResult): TakeResult =>
    result.status === 'leased' && result.entries.length > 1
      ? { ...result, entries: result.entries.toReversed() }
      : result;
  const difference = await differenceOf(
    withFault((store) => ({ take: async (request) => turned(await store.take(request)) })),
  );
  assert.match(difference, /differ \(seed \d+\)/);
  const operations = difference.split('\n').filter((line) => /^ {2}\d+\. /.test(line));
  assert.ok(operations.length <= 3, `shrunk to ${operations.length} operations:\n${operations.join('\n')}`);
  assert.match(operations.at(-1)!, /op: 'take'/);
});

test('a fault in one word of an answer is found', async () => {
  const difference = await differenceOf(
    withFault((store) => ({ settle: async (request) => ({ ...(await store.settle(request)), status: 'settled' }) })),
  );
  assert.match(difference, /\+\s+status: 'settled'/);
});

test('a store that throws differs', async () => {
  const difference = await differenceOf(
    withFault(() => ({ sweep: () => Promise.reject(new Error('no such command')) })),
  );
  assert.match(difference, /threw: 'no such command'/);
});
