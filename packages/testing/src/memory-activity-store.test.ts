import { activityStoreContract } from './activity-store.contract.ts';
import { makeMemoryContractStore } from './make-memory-contract-store.ts';

activityStoreContract('the store in memory', makeMemoryContractStore);
