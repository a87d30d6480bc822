import type { ActivityStore } from '@sluice/core';

/** A store whose time only the test moves. It is empty and its clock starts at CLOCK_START_MS. */
export interface ContractStore {
  readonly store: ActivityStore;
  /** By whole milliseconds, 0 or more. */
  advance(ms: number): Promise<void>;
  dispose(): Promise<void>;
}

export type MakeStore = () => Promise<ContractStore>;
