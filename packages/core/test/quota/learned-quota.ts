import { intervalInitialUs, learnQuota } from '../../src/quota/learn-quota.ts';
import type { Controller } from './simulate-fleet.ts';

/** The controller of the product, as the simulator takes it. */
export const LEARNED_QUOTA: Controller = { name: 'learned', intervalInitialUs, learn: learnQuota, shared: true };
