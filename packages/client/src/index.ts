export type { Activity, Performer, Tracked } from './activity.ts';
export type { Clock } from './clock.ts';
export { createSluice, type Sluice } from './create-sluice.ts';
export type { Fetch, PostponedBatch, SluiceOptions, StoredBatch } from './settings.ts';
export { type Problem, SluiceError } from './sluice-error.ts';
