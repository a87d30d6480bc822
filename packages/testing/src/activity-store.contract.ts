/* The port's promises in sentences. Every implementation of the store runs this suite; so the one in memory cannot drift. */
import { describe } from 'node:test';
import { alertsContract } from './contract/alerts.contract.ts';
import { appendContract } from './contract/append.contract.ts';
import { blockContract } from './contract/block.contract.ts';
import { choiceContract } from './contract/choice.contract.ts';
import { deadLettersContract } from './contract/dead-letters.contract.ts';
import { dedupeContract } from './contract/dedupe.contract.ts';
import { eraseContract } from './contract/erase.contract.ts';
import { erasureNotesContract } from './contract/erasure-notes.contract.ts';
import { expireContract } from './contract/expire.contract.ts';
import { fleetHistoryContract } from './contract/fleet-history.contract.ts';
import { fleetNotesContract } from './contract/fleet-notes.contract.ts';
import { forgetContract } from './contract/forget.contract.ts';
import { idempotencyContract } from './contract/idempotency.contract.ts';
import { inFlightContract } from './contract/in-flight.contract.ts';
import { lookupsContract } from './contract/lookups.contract.ts';
import { promiseContract } from './contract/promise.contract.ts';
import { quotaContract } from './contract/quota.contract.ts';
import { receiptContract } from './contract/receipt.contract.ts';
import { reclaimContract } from './contract/reclaim.contract.ts';
import { refusalContract } from './contract/refusal.contract.ts';
import { replayContract } from './contract/replay.contract.ts';
import { retryShareContract } from './contract/retry-share.contract.ts';
import { settleContract } from './contract/settle.contract.ts';
import { tailContract } from './contract/tail.contract.ts';
import { tenantContract } from './contract/tenant.contract.ts';
import { tracesContract } from './contract/traces.contract.ts';
import { viewContract } from './contract/view.contract.ts';
import { workerBeatsContract } from './contract/worker-beats.contract.ts';
import type { MakeStore } from './contract-store.ts';

/** Registers the suite with node:test. Each test makes a store of its own and disposes of it. */
export function activityStoreContract(name: string, makeStore: MakeStore): void {
  describe(`${name} keeps the promises of an activity store`, () => {
    describe('append', () => appendContract(makeStore));
    describe('dedupe', () => dedupeContract(makeStore));
    describe('Idempotency-Keys', () => idempotencyContract(makeStore));
    describe('take: the choice', () => choiceContract(makeStore));
    describe('take: the refusals', () => refusalContract(makeStore));
    describe('take: what is too old', () => expireContract(makeStore));
    describe('reclaim', () => reclaimContract(makeStore));
    describe('settle', () => settleContract(makeStore));
    describe('quota', () => quotaContract(makeStore));
    describe('the limit of a tenant', () => tenantContract(makeStore));
    describe('calls in flight', () => inFlightContract(makeStore));
    describe('take: the share of retries', () => retryShareContract(makeStore));
    describe('pause, hold, breaker', () => blockContract(makeStore));
    describe('the promise', () => promiseContract(makeStore));
    describe('receipts', () => receiptContract(makeStore));
    describe('dead letters', () => deadLettersContract(makeStore));
    describe('replay', () => replayContract(makeStore));
    describe('erasure', () => eraseContract(makeStore));
    describe('lookups', () => lookupsContract(makeStore));
    describe('views', () => viewContract(makeStore));
    describe('traces', () => tracesContract(makeStore));
    describe('alerts', () => alertsContract(makeStore));
    describe('tail', () => tailContract(makeStore));
    describe('workers', () => workerBeatsContract(makeStore));
    describe('forget', () => forgetContract(makeStore));
    describe('samples of the fleet', () => fleetHistoryContract(makeStore));
    describe('notes of erasures', () => erasureNotesContract(makeStore));
    describe('notes of the fleet', () => fleetNotesContract(makeStore));
  });
}
