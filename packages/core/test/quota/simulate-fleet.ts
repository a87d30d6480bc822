/*
  A fleet of workers against a service with a hidden limit, in simulated time. The workers do what take and settle do, by way of
  the bucket's own functions; each learning is made by one worker from what it saw and is applied under the bucket's version, a
  while later. Nothing here knows the hidden limit but the service.
*/
import {
  applyLearning,
  type Bucket,
  countAccepted,
  countRefused,
  grantCall,
  type Learning,
  nextGrantUs,
  openBucket,
  wantsLearning,
} from '../../src/quota/bucket.ts';
import type { QuotaSettings } from '../../src/quota/learn-quota.ts';
import { seededChance } from './seeded-chance.ts';
import { type HiddenLimit, type LimitShape, openLimit } from './simulated-limit.ts';
import { openTimeline } from './timeline.ts';

export interface Controller {
  readonly name: string;
  readonly intervalInitialUs: (settings: QuotaSettings) => number;
  readonly learn: (bucket: Bucket, settings: QuotaSettings, nowMs: number) => Learning;
  /** false: each worker has a bucket of its own, as a library inside each process would. */
  readonly shared: boolean;
}

export interface Scenario {
  readonly limit: LimitShape;
  /** Changes of the hidden rate, in order. */
  readonly steps: readonly { readonly atS: number; readonly rate: number }[];
  readonly retryAfter: 'seconds' | 'decimal' | 'absent';
  /** A call's time there and back: uniform between the two. */
  readonly latencyMs: readonly [number, number];
  readonly workers: number;
  readonly inflightMax: number;
  readonly settings: QuotaSettings;
  /** A second client's calls a second on the same limit, at random times. */
  readonly backgroundRate: number;
  /** Share of calls refused for no reason of rate. */
  readonly strayShare: number;
  /** Demand comes and goes: seconds with calls waiting, seconds with none. Null: calls always wait. */
  readonly demand: { readonly onS: number; readonly offS: number } | null;
  readonly untilS: number;
  readonly seed: number;
}

/** What happened in a second: what the service took and refused of ours, and what the limit was. */
export interface Second {
  accepted: number;
  refused: number;
  /** The rate in force at the second's end. */
  rate: number;
  limit: number;
}

type Happening =
  | { readonly kind: 'take'; readonly worker: number }
  | { readonly kind: 'arrive' | 'answer'; readonly call: Call }
  | { readonly kind: 'apply'; readonly bucket: number; readonly version: number; readonly learning: Learning }
  | { readonly kind: 'background' }
  | { readonly kind: 'second' };

interface Call {
  readonly worker: number;
  readonly epoch: number;
  /** Milliseconds from the service's answer to our settling. */
  readonly backMs: number;
  retryAfterMs: number | null;
}

/** A date of today's magnitude, so that rounding is as in earnest. */
const START_MS = 1_750_000_000_000;
const STALL_EVERY_US = 5_000_000;

export function simulateFleet(controller: Controller, scenario: Scenario): readonly Second[] {
  return new Fleet(controller, scenario).run();
}

class Fleet {
  readonly #controller: Controller;
  readonly #scenario: Scenario;
  readonly #chance: () => number;
  readonly #timeline = openTimeline<Happening>();
  readonly #limit: HiddenLimit;
  readonly #buckets: Bucket[] = [];
  /** Calls in flight, of each bucket. */
  readonly #inflight: number[] = [];
  /** Workers whose take waits for a call to come back. */
  readonly #parked = new Set<number>();
  readonly #inflightMax: number;
  readonly #seconds: Second[] = [];
  #atService = 0;
  #limitRate: number;
  #stepsDone = 0;

  constructor(controller: Controller, scenario: Scenario) {
    this.#controller = controller;
    this.#scenario = scenario;
    this.#chance = seededChance(scenario.seed);
    this.#limit = openLimit(scenario.limit);
    this.#limitRate = scenario.limit.rate;
    this.#inflightMax = controller.shared ? scenario.inflightMax : Math.ceil(scenario.inflightMax / scenario.workers);
  }

  run(): readonly Second[] {
    const { settings, workers, untilS, backgroundRate } = this.#scenario;
    const start = Math.floor(this.#chance() * 1000);
    for (let worker = 0; worker < workers; worker += 1) {
      if (worker === 0 || !this.#controller.shared) {
        this.#buckets.push(openBucket(this.#controller.intervalInitialUs(settings), START_MS + start));
        this.#inflight.push(0);
      }
      this.#timeline.add(start, { kind: 'take', worker });
    }
    this.#timeline.add(1000, { kind: 'second' });
    if (backgroundRate > 0) this.#timeline.add(0, { kind: 'background' });
    this.#seconds.push({ accepted: 0, refused: 0, rate: 0, limit: this.#limitRate });
    for (let next = this.#timeline.next(); next !== null && next.at < untilS * 1000; next = this.#timeline.next()) {
      this.#happen(next.thing, next.at);
    }
    return this.#seconds;
  }

  #happen(thing: Happening, at: number): void {
    if (thing.kind === 'take') this.#take(thing.worker, at);
    else if (thing.kind === 'arrive') this.#arrive(thing.call, at);
    else if (thing.kind === 'answer') this.#settle(thing.call, at);
    else if (thing.kind === 'apply') this.#apply(thing, at);
    else if (thing.kind === 'background') this.#background(at);
    else this.#second(at);
  }

  #bucketOf(worker: number): number {
    return this.#controller.shared ? 0 : worker;
  }

  #take(worker: number, at: number): void {
    const index = this.#bucketOf(worker);
    const demandAt = this.#demandAt(at);
    if (demandAt > at) {
      this.#timeline.add(demandAt, { kind: 'take', worker });
      return;
    }
    if (this.#inflight[index]! >= this.#inflightMax) {
      this.#parked.add(worker);
      return;
    }
    const bucket = this.#buckets[index]!;
    const nowUs = Math.floor((START_MS + at) * 1000);
    if (nextGrantUs(bucket) <= nowUs) {
      const [low, high] = this.#scenario.latencyMs;
      const thereMs = (low + this.#chance() * (high - low)) / 2;
      const backMs = (low + this.#chance() * (high - low)) / 2;
      this.#buckets[index] = grantCall(bucket, nowUs);
      this.#inflight[index]! += 1;
      const call: Call = { worker, epoch: bucket.epoch, backMs, retryAfterMs: null };
      this.#timeline.add(at + thereMs, { kind: 'arrive', call });
      this.#learn(index, at);
    }
    this.#takeNext(worker, at);
  }

  /** Timers and Redis are late: by a millisecond or so, and about every five seconds (a collection, a fork) by up to 30 ms. */
  #takeNext(worker: number, at: number): void {
    const bucket = this.#buckets[this.#bucketOf(worker)]!;
    const stalls = this.#chance() < bucket.intervalUs / STALL_EVERY_US;
    const lateMs = stalls ? this.#chance() * 30 : 0.2 + this.#chance() * 1.5;
    const due = nextGrantUs(bucket) / 1000 - START_MS;
    this.#timeline.add(Math.max(at, due) + lateMs, { kind: 'take', worker });
  }

  #arrive(call: Call, at: number): void {
    const { concurrency } = this.#scenario.limit;
    const full = concurrency > 0 && this.#atService >= concurrency;
    const stray = this.#chance() < this.#scenario.strayShare;
    const waitS = full || stray ? 0.5 : this.#limit.charge(at / 1000);
    const second = this.#seconds.at(-1)!;
    if (waitS === null) second.accepted += 1;
    else {
      second.refused += 1;
      call.retryAfterMs = this.#retryAfterMs(waitS, this.#bucketOf(call.worker));
    }
    this.#atService += 1;
    this.#timeline.add(at + call.backMs, { kind: 'answer', call });
  }

  #retryAfterMs(waitS: number, bucket: number): number {
    if (this.#scenario.retryAfter === 'seconds') return Math.max(1, Math.ceil(waitS)) * 1000;
    if (this.#scenario.retryAfter === 'decimal') return Math.ceil(waitS * 1000);
    return 1000 * 2 ** Math.min(5, this.#buckets[bucket]!.refusedInARow) * (0.5 + this.#chance() / 2);
  }

  #settle(call: Call, at: number): void {
    const nowMs = Math.floor(START_MS + at);
    const index = this.#bucketOf(call.worker);
    const before = this.#buckets[index]!;
    this.#inflight[index]! -= 1;
    this.#atService -= 1;
    this.#buckets[index] =
      call.retryAfterMs === null
        ? countAccepted(before, call.epoch)
        : countRefused(before, call.epoch, nowMs, this.#waitMs(call.retryAfterMs));
    this.#learn(index, at);
    for (const worker of this.#parked) {
      if (this.#bucketOf(worker) === index && this.#parked.delete(worker)) this.#takeNext(worker, at);
    }
  }

  /** Retry-After is a floor; the settlement of a call adds up to a tenth of it. */
  #waitMs(retryAfterMs: number): number {
    return Math.ceil(retryAfterMs + this.#chance() * Math.min(1000, 0.1 * retryAfterMs));
  }

  #learn(index: number, at: number): void {
    const bucket = this.#buckets[index]!;
    const nowMs = Math.floor(START_MS + at);
    if (!wantsLearning(bucket, nowMs)) return;
    const learning = this.#controller.learn(bucket, this.#scenario.settings, nowMs);
    const delayMs = 0.3 + this.#chance() * 2;
    this.#timeline.add(at + delayMs, { kind: 'apply', bucket: index, version: bucket.version, learning });
  }

  #apply(thing: { readonly bucket: number; readonly version: number; readonly learning: Learning }, at: number): void {
    const nowMs = Math.floor(START_MS + at);
    const next = applyLearning(this.#buckets[thing.bucket]!, thing.version, thing.learning, nowMs);
    if (next !== null) this.#buckets[thing.bucket] = next;
  }

  #background(at: number): void {
    this.#limit.charge(at / 1000);
    const gapMs = (-Math.log(1 - this.#chance()) * 1000) / this.#scenario.backgroundRate;
    this.#timeline.add(at + gapMs, { kind: 'background' });
  }

  #second(at: number): void {
    const step = this.#scenario.steps[this.#stepsDone];
    if (step !== undefined && at >= step.atS * 1000) {
      this.#stepsDone += 1;
      this.#limitRate = step.rate;
      this.#limit.changeRate(step.rate, at / 1000);
    }
    const second = this.#seconds.at(-1)!;
    second.rate = this.#buckets.reduce((sum, bucket) => sum + 1e6 / bucket.intervalUs, 0);
    this.#seconds.push({ accepted: 0, refused: 0, rate: 0, limit: this.#limitRate });
    this.#timeline.add(at + 1000, { kind: 'second' });
  }

  #demandAt(at: number): number {
    const { demand } = this.#scenario;
    if (demand === null) return at;
    const cycleMs = (demand.onS + demand.offS) * 1000;
    return at % cycleMs < demand.onS * 1000 ? at : at - (at % cycleMs) + cycleMs;
  }
}
