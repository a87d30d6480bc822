/*
  The hidden rate limit: may a call be taken now, and if not, when could one be? Three shapes, because nobody outside knows
  which one Graph has. State is changed by each asking; time is an argument and may stand still, but never goes back.

    bucket    `burst` tokens at most, `rate` new ones a second. A refused call that counts takes a token too, down to a debt of
              `burst`: without that bound a caller that hammers could never come back.
    fixed     windows of one second aligned to the clock, `rate` calls each. A refused call changes nothing: the window is
              full either way.
    sliding   at most `rate` counted calls in any second. A refused call that counts keeps the window full.

  A rate that is not whole has a window of another length, so that the rate is exact: 2.5 is 2 calls in 800 ms, 0.5 one in 2 s.
*/
import type { Limits } from '../behavior/behavior.ts';

export type RateSettings = Pick<Limits, 'rate' | 'window' | 'burst' | 'accrueThrottled'>;

export interface RateLimit {
  /** 0: taken. Above: refused, and a call could be taken in so many milliseconds if no other came. */
  take(nowMs: number): number;
}

/** Counts what it is asked only; `previous` (of the same shape) carries over, so that a changed rate gives no free burst. */
export function openRateLimit(settings: RateSettings, nowMs: number, previous: RateLimit | null = null): RateLimit {
  const { rate } = settings;
  if (rate === null) return unlimited;
  if (settings.window === 'bucket') return openBucket({ ...settings, rate }, nowMs, previous);
  return settings.window === 'fixed'
    ? openFixed(rate, previous)
    : openSliding(rate, settings.accrueThrottled, previous);
}

interface Bucket extends RateLimit {
  readonly shape: 'bucket';
  readonly tokens: number;
  readonly atMs: number;
}
interface Fixed extends RateLimit {
  readonly shape: 'fixed';
  readonly window: number;
  readonly windowMs: number;
  readonly counted: number;
}
interface Sliding extends RateLimit {
  readonly shape: 'sliding';
  /** When the newest calls were counted, oldest first. */
  counted(): number[];
}

const unlimited: RateLimit = { take: () => 0 };
/** Tokens are sums of fractions; a rounding error must not cost a whole refusal. */
const EPSILON = 1e-9;

type BucketSettings = { readonly rate: number; readonly burst: number; readonly accrueThrottled: boolean };

function openBucket(settings: BucketSettings, nowMs: number, previous: RateLimit | null): Bucket {
  const { rate, burst, accrueThrottled } = settings;
  let tokens = isShape<Bucket>(previous, 'bucket') ? Math.min(burst, previous.tokens) : burst;
  let atMs = isShape<Bucket>(previous, 'bucket') ? previous.atMs : nowMs;
  return {
    shape: 'bucket',
    get tokens() {
      return tokens;
    },
    get atMs() {
      return atMs;
    },
    take(now) {
      tokens = Math.min(burst, tokens + (Math.max(0, now - atMs) * rate) / 1000);
      atMs = Math.max(atMs, now);
      if (tokens >= 1 - EPSILON) {
        tokens -= 1;
        return 0;
      }
      if (accrueThrottled) tokens = Math.max(-burst, tokens - 1);
      return ((1 - tokens) * 1000) / rate;
    },
  };
}

function openFixed(rate: number, previous: RateLimit | null): Fixed {
  const { calls, windowMs } = windowOf(rate);
  const same = isShape<Fixed>(previous, 'fixed') && previous.windowMs === windowMs ? previous : null;
  let window = same?.window ?? -1;
  let counted = same?.counted ?? 0;
  return {
    shape: 'fixed',
    windowMs,
    get window() {
      return window;
    },
    get counted() {
      return counted;
    },
    take(now) {
      // A thousandth of a millisecond: windowMs need not be whole, and a call exactly at an edge belongs to the later window.
      const current = Math.floor((now + 0.001) / windowMs);
      if (current > window) [window, counted] = [current, 0];
      if (counted < calls) {
        counted++;
        return 0;
      }
      return Math.max(EPSILON, (window + 1) * windowMs - now);
    },
  };
}

function openSliding(rate: number, accrueThrottled: boolean, previous: RateLimit | null): Sliding {
  const { calls, windowMs } = windowOf(rate);
  // A ring of the newest `calls` counted calls is enough: a call is taken when the oldest of them has left the window.
  const ring = new Float64Array(calls).fill(Number.NEGATIVE_INFINITY);
  if (isShape<Sliding>(previous, 'sliding')) {
    const kept = previous.counted().slice(-calls);
    ring.set(kept, calls - kept.length);
  }
  let oldest = 0;
  const count = (now: number) => {
    ring[oldest] = now;
    oldest = (oldest + 1) % calls;
  };
  return {
    shape: 'sliding',
    counted: () => [...ring.subarray(oldest), ...ring.subarray(0, oldest)],
    take(now) {
      const taken = ring[oldest]! + windowMs <= now + EPSILON;
      if (taken || accrueThrottled) count(now);
      return taken ? 0 : Math.max(EPSILON, ring[oldest]! + windowMs - now);
    },
  };
}

function windowOf(rate: number): { readonly calls: number; readonly windowMs: number } {
  const calls = Math.max(1, Math.floor(rate));
  return { calls, windowMs: (calls * 1000) / rate };
}

function isShape<T extends { shape: string }>(limit: RateLimit | null, shape: T['shape']): limit is T & RateLimit {
  return limit !== null && 'shape' in limit && limit.shape === shape;
}
