/* In the order of the story: accept → append → batch → deliver → outcome → settle. */

export * from './accept/check-activity.ts';
export * from './accept/check-body.ts';
export { isKeepableId } from './accept/check-text.ts';
export * from './accept/describe-body.ts';
export { didYouMean, suggest } from './accept/did-you-mean.ts';
export {
  BODY_REFUSALS,
  type BodyRefusalCode,
  REJECTIONS,
  type Rejection,
  type RejectionCode,
} from './accept/rejection.ts';
export * from './accept/when-again.ts';
export * from './access/api-key.ts';
export * from './access/caller.ts';
export * from './access/change-keys.ts';
export * from './access/check-claims.ts';
export * from './access/check-key-file.ts';
export * from './activity/activity.ts';
export * from './activity/entry.ts';
export * from './activity/fold-performer.ts';
export * from './activity/instant.ts';
export { placeByName } from './append/place-by-name.ts';
export * from './append/plan-pieces.ts';
export * from './append/receipt-id.ts';
export * from './batch/retry-share.ts';
export * from './deliver/make-call-body.ts';
export * from './deliver/make-call-path.ts';
export * from './deliver/split-readable.ts';
export * from './limits.ts';
export * from './outcome/answers.ts';
export type { OutcomeOverrides } from './outcome/classify-entry-error.ts';
export { hidePerformers } from './outcome/hide-performers.ts';
export * from './outcome/outcome.ts';
export { parseRetryAfter } from './outcome/parse-retry-after.ts';
export { readGraphError } from './outcome/read-graph-error.ts';
export * from './outcome/read-reply.ts';
export * from './outcome/reply.ts';
export * from './ports/access.ts';
export * from './ports/activity-store.ts';
export * from './ports/alerts.ts';
export * from './ports/audit-log.ts';
export * from './ports/caller-quotas.ts';
export * from './ports/dead-letters.ts';
export * from './ports/drain-scheduler.ts';
export * from './ports/erasure.ts';
export * from './ports/erasure-notes.ts';
export * from './ports/fleet-history.ts';
export * from './ports/fleet-notes.ts';
export * from './ports/forget.ts';
export * from './ports/graph-checkup.ts';
export * from './ports/idempotency.ts';
export * from './ports/lookups.ts';
export * from './ports/receipt-watch.ts';
export * from './ports/redis-address.ts';
export * from './ports/redis-checkup.ts';
export * from './ports/sessions.ts';
export * from './ports/tail.ts';
export * from './ports/traces.ts';
export * from './ports/worker-beats.ts';
export * from './quota/bucket.ts';
export * from './quota/in-flight-limit.ts';
export * from './quota/learn-quota.ts';
export * from './quota/tenant-quota.ts';
export * from './quota/useful-workers.ts';
export * from './quota/wait-for-turn.ts';
export { BREAKER_FAILURES } from './settle/plan-call.ts';
export * from './settle/plan-settlement.ts';
export * from './settle/settlement.ts';
