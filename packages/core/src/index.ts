/* In the order of the story: accept → append → batch → deliver → outcome → settle. */

export { didYouMean, suggest } from './accept/did-you-mean.ts';
export * from './activity/activity.ts';
export * from './activity/entry.ts';
export * from './activity/instant.ts';
export * from './limits.ts';
export * from './outcome/reply.ts';
export * from './ports/activity-store.ts';
export * from './ports/drain-scheduler.ts';
export * from './quota/bucket.ts';
export * from './quota/learn-quota.ts';
export * from './settle/settlement.ts';
