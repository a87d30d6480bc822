/* What createSluice takes, checked once: everything behind it works with complete settings. */
import type { Activity } from './activity.ts';
import { type Clock, systemClock } from './clock.ts';
import type { Problem, SluiceError } from './sluice-error.ts';

export interface SluiceOptions {
  /** Of the intake: `http://127.0.0.1:8080`. */
  readonly url: string;
  /** An API key or an access token; a function is asked before each request, for tokens that end. */
  readonly apiKey?: string | (() => string | Promise<string>);
  /** How long an activity waits for company in its request. */
  readonly lingerMs?: number;
  /** In one request; at most 5,000, the intake's own limit. */
  readonly batchActivitiesMax?: number;
  /** Of one request's body before compression; below the intake's 4 MiB. */
  readonly batchBytesMax?: number;
  readonly requestsInFlightMax?: number;
  /** Activities whose fate is open. As many again may wait for room; beyond that `track` rejects with `buffer_full`. */
  readonly bufferActivitiesMax?: number;
  /** From `track` to giving up, all tries included. */
  readonly deadlineMs?: number;
  /** Of one try. */
  readonly requestTimeoutMs?: number;
  readonly retryBaseMs?: number;
  readonly retryCapMs?: number;
  /** Bodies from this size on are compressed, if that makes them a fifth smaller; Infinity: never. */
  readonly gzipBytesMin?: number;
  /** Told of each activity whose promise rejects. With it a promise that nobody awaits is no unhandled rejection. */
  readonly onRejected?: (activity: Activity, error: SluiceError) => void;
  /** Told of each request that stored something. */
  readonly onStored?: (stored: StoredBatch) => void;
  /** Told of each try that said nothing either way, and when the next one is: why it takes so long. */
  readonly onPostponed?: (postponed: PostponedBatch) => void;
  readonly fetch?: Fetch;
  readonly clock?: Clock;
  /** At least 0, below 1. */
  readonly random?: () => number;
  /** Names activities without an id, and requests. */
  readonly newId?: () => string;
}

export interface StoredBatch {
  readonly connection: string;
  readonly receiptId: string | null;
  readonly accepted: number;
  /** Were accepted before, under the same id on the same item. */
  readonly duplicates: number;
  readonly rejected: number;
}

export interface PostponedBatch {
  readonly connection: string;
  readonly activities: number;
  readonly problem: Problem;
  readonly delayMs: number;
}

/** The part of fetch that is used. */
export type Fetch = (
  url: string,
  init: {
    readonly method: 'POST';
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | Uint8Array<ArrayBuffer>;
    readonly redirect: 'manual';
    readonly signal: AbortSignal;
  },
) => Promise<{
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  text(): Promise<string>;
}>;

type Callbacks = 'onRejected' | 'onStored' | 'onPostponed' | 'apiKey';
export type Settings = Required<Omit<SluiceOptions, Callbacks>> & Pick<SluiceOptions, Callbacks>;

type NumberName = { [K in keyof Settings]-?: Settings[K] extends number ? K : never }[keyof Settings];

const NUMBERS: Readonly<Record<NumberName, { readonly usual: number; readonly least: number; readonly most: number }>> =
  {
    lingerMs: { usual: 20, least: 0, most: 60_000 },
    batchActivitiesMax: { usual: 1000, least: 1, most: 5000 },
    batchBytesMax: { usual: 1024 * 1024, least: 8192, most: 4 * 1024 * 1024 - 65_536 },
    requestsInFlightMax: { usual: 4, least: 1, most: 64 },
    bufferActivitiesMax: { usual: 10_000, least: 1, most: 1_000_000 },
    deadlineMs: { usual: 300_000, least: 1, most: 2 ** 31 - 1 },
    requestTimeoutMs: { usual: 30_000, least: 1, most: 600_000 },
    retryBaseMs: { usual: 200, least: 1, most: 60_000 },
    retryCapMs: { usual: 20_000, least: 1, most: 3_600_000 },
    gzipBytesMin: { usual: 8192, least: 0, most: Number.POSITIVE_INFINITY },
  };

/** Throws a TypeError or RangeError that names the option and the rule. */
export function readSettings(options: SluiceOptions): Settings {
  const settings: Record<string, unknown> = {
    fetch: globalThis.fetch,
    clock: systemClock,
    random: Math.random,
    newId: () => crypto.randomUUID(),
  };
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) settings[name] = value;
  }
  for (const [name, { usual, least, most }] of Object.entries(NUMBERS)) {
    const value = settings[name] ?? usual;
    if (typeof value !== 'number' || !(value >= least && value <= most)) {
      throw new RangeError(`createSluice: ${name} is ${String(value)}; it must be a number from ${least} to ${most}.`);
    }
    settings[name] = value;
  }
  settings['url'] = readUrl(options.url);
  return settings as unknown as Settings;
}

function readUrl(given: string): string {
  const url = URL.canParse(given) ? new URL(given) : null;
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw new TypeError(`createSluice: url is "${given}"; it must be http://host[:port] or https://host of an intake.`);
  }
  return url.href.replace(/\/+$/, '');
}
