/*
  deliver: the token of one credential. Asks the identity provider for one at a time, ahead of need, and keeps the last good
  one while the provider is away.

    nothing held    current() waits for an acquisition, or answers the last failure while it is fresh
    held            current() answers at once; past refreshAtMs an acquisition runs beside it
    held, refused   Graph said 401: renew() replaces it, once for all callers
*/
import { TokenError, type TokenSource } from './token-source.ts';

export interface HeldToken {
  readonly kind: 'token';
  /** The value of the Authorization header. */
  readonly bearer: string;
  /** The claims it was asked for with; null: none. */
  readonly claims: string | null;
  readonly refreshAtMs: number;
  readonly usableUntilMs: number;
}

export interface NoToken {
  readonly kind: 'none';
  readonly code: 'token' | 'credential';
  readonly message: string;
}

export interface TokenKeeper {
  /** The token in force; a promise only while there is none. Never rejects. */
  current(): HeldToken | NoToken | Promise<HeldToken | NoToken>;
  /** Another token than the one Graph refused; null: one was fetched a moment ago, and it is refused too. Never rejects. */
  renew(refused: HeldToken, claims: string | null): Promise<HeldToken | NoToken | null>;
  close(): Promise<void>;
}

export interface TokenKeeperOptions {
  readonly source: TokenSource;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** A number in [0, 1). */
  readonly chance: () => number;
}

/** A token is not sent any more when it has less left than a call may take; of a short-lived one, a tenth. */
const SKEW_MS_MAX = 60_000;
const SKEW_SHARE = 0.1;
/** Asked for again after three quarters of its life, unless the provider says when; up to a tenth earlier, so that not all workers ask at once. */
const REFRESH_SHARE = 0.75;
const REFRESH_JITTER_SHARE = 0.1;
/** After a failure the provider is left alone. */
const RETRY_MS = { min: 1000, spread: 4000 };
/** The hold already keeps a refused credential from being tried more than now and then; who mended it and releases the hold is to see it work. */
const CREDENTIAL_RETRY_MS = 3000;
/** Longer than this no Retry-After of a token endpoint is believed. */
const RETRY_MS_MAX = 3_600_000;
/** A fresh token that Graph refuses as well is not replaced again at once. */
const RENEW_AGAIN_MS_MIN = 10_000;

export function keepToken({ source, clock, chance }: TokenKeeperOptions): TokenKeeper {
  let held: HeldToken | null = null;
  let running: { readonly claims: string | null; readonly promise: Promise<HeldToken | NoToken> } | null = null;
  let failure: { readonly answer: NoToken; readonly untilMs: number } | null = null;
  let renewedAtMs = Number.NEGATIVE_INFINITY;

  /** Single-flight: whoever comes while one runs shares it. */
  function acquire(claims: string | null): Promise<HeldToken | NoToken> {
    if (running === null) {
      const promise = ask(claims).finally(() => {
        running = null;
      });
      running = { claims, promise };
    }
    return running.promise;
  }

  async function ask(claims: string | null): Promise<HeldToken | NoToken> {
    const askedMs = clock();
    try {
      const { value, lifetimeMs, refreshInMs } = await source.acquire({ claims });
      const jitterMs = chance() * REFRESH_JITTER_SHARE * lifetimeMs;
      held = {
        kind: 'token',
        bearer: `Bearer ${value}`,
        claims,
        refreshAtMs: askedMs + (refreshInMs ?? REFRESH_SHARE * lifetimeMs) - jitterMs,
        usableUntilMs: askedMs + lifetimeMs - Math.min(SKEW_MS_MAX, SKEW_SHARE * lifetimeMs),
      };
      failure = null;
      return held;
    } catch (error) {
      failure = remember(error);
      return failure.answer;
    }
  }

  function remember(error: unknown): { readonly answer: NoToken; readonly untilMs: number } {
    const known = error instanceof TokenError ? error : new TokenError('token', 'the token source failed');
    const backoffMs = known.code === 'credential' ? CREDENTIAL_RETRY_MS : RETRY_MS.min + chance() * RETRY_MS.spread;
    const waitMs = Math.min(RETRY_MS_MAX, Math.max(backoffMs, known.retryAfterMs ?? 0));
    return { answer: { kind: 'none', code: known.code, message: known.message }, untilMs: clock() + waitMs };
  }

  function recentFailure(): NoToken | null {
    return failure !== null && clock() < failure.untilMs ? failure.answer : null;
  }

  return {
    current: () => {
      const now = clock();
      if (held === null || now >= held.usableUntilMs) return recentFailure() ?? acquire(null);
      if (now >= held.refreshAtMs && running === null && recentFailure() === null) void acquire(null);
      return held;
    },
    renew: async (refused, claims) => {
      // A refresh without claims helps nobody who was challenged; it is waited for, so that one runs at a time.
      while (claims !== null && running !== null && running.claims === null) await running.promise;
      if (held !== null && held !== refused && (claims === null || held.claims !== null)) return held;
      if (running !== null) return running.promise;
      // The first challenge is news; a token that was refused although it is fresh, or was asked for with claims, is none.
      const news = claims !== null && refused.claims === null;
      if (!news && clock() < renewedAtMs + RENEW_AGAIN_MS_MIN) return null;
      const renewed = recentFailure() ?? (await acquire(claims));
      if (renewed.kind === 'token') renewedAtMs = clock();
      return renewed;
    },
    close: source.close,
  };
}
