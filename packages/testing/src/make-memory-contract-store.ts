import type { ContractStore } from './contract-store.ts';
import { manualClock } from './manual-clock.ts';
import { createMemoryActivityStore } from './memory-activity-store.ts';

/** The model, ready for the contract and for runStoreModel. */
export async function makeMemoryContractStore(): Promise<ContractStore> {
  const clock = manualClock();
  return { store: createMemoryActivityStore(clock), advance: clock.advance, dispose: async () => {} };
}
