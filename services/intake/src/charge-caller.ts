/*
  accept: the caller's own quota, the last thing asked before anything is stored. A request is charged whole or refused whole.
  A stream has no end that is known, so it is charged piece by piece, and waits a while for its next piece rather than break
  off: meanwhile nothing is read from its socket.
*/
import { type Caller, type CallerQuotas, isLimited } from '@sluice/core';
import { type Problem, ProblemError } from '@sluice/http';
import { storeUnavailable } from './answer-append.ts';

export interface ChargeParts {
  readonly quotas: CallerQuotas;
  readonly isKeyRemembered: (connectionId: string, keyId: string) => Promise<boolean>;
  readonly pause?: (ms: number) => Promise<void>;
}

export interface ChargeCaller {
  /** Throws 429 when the quota does not give so much. What came before under its Idempotency-Key was charged then. */
  request(caller: Caller, activities: number, key: KeyThatCame | null): Promise<void>;
  /** A request of which nothing was valid: it counts as a request, and is told what is wrong with it all the same. */
  invalid(caller: Caller): void;
  /** What a stream charges for each of its pieces; with the first for itself as well. */
  stream(caller: Caller): ChargePiece;
}

export interface KeyThatCame {
  readonly connectionId: string;
  readonly id: string;
}

export type ChargePiece = (activities: number) => Promise<void>;

/** Nobody waits for what an invalid request is charged, so it has a bound of its own. */
const UNAWAITED_MAX = 1000;
/** A stream that would have to wait longer ends with 429 and says up to where it came. */
const STREAM_WAIT_MS_MAX = 10_000;

export function chargeCallers({ quotas, isKeyRemembered, pause = sleep }: ChargeParts): ChargeCaller {
  /** 0: granted; else when to ask again. */
  async function charge(caller: Caller, requests: number, activities: number): Promise<number> {
    if (!isLimited(caller)) return 0;
    const { id: callerId, limits } = caller;
    try {
      const charged = await quotas.charge({ callerId, requests, activities, limits });
      return charged.status === 'granted' ? 0 : charged.retryAfterMs;
    } catch (error) {
      throw new ProblemError(storeUnavailable(), { cause: error });
    }
  }
  async function chargePiece(caller: Caller, requests: number, activities: number): Promise<void> {
    let waitedMs = 0;
    for (;;) {
      const retryAfterMs = await charge(caller, requests, activities);
      if (retryAfterMs === 0) return;
      if (waitedMs + retryAfterMs > STREAM_WAIT_MS_MAX)
        throw new ProblemError(quotaProblem(retryAfterMs, TAKEN_IN_PART));
      waitedMs += retryAfterMs;
      await pause(retryAfterMs);
    }
  }
  /** A store that cannot say it will not grant a charge either. */
  async function cameBefore(key: KeyThatCame | null): Promise<boolean> {
    return key !== null && (await isKeyRemembered(key.connectionId, key.id).catch(() => false));
  }
  let unawaited = 0;
  return {
    request: async (caller, activities, key) => {
      if (!isLimited(caller) || (await cameBefore(key))) return;
      const retryAfterMs = await charge(caller, 1, activities);
      if (retryAfterMs > 0) throw new ProblemError(quotaProblem(retryAfterMs, TAKEN_WHOLE));
    },
    invalid: (caller) => {
      if (unawaited >= UNAWAITED_MAX) return;
      unawaited++;
      charge(caller, 1, 0)
        .catch(() => {})
        .finally(() => {
          unawaited--;
        });
    },
    stream: (caller) => {
      let requests = 1;
      return async (activities) => {
        await chargePiece(caller, requests, activities);
        requests = 0;
      };
    },
  };
}

const TAKEN_WHOLE = 'nothing of the request was taken.';
const TAKEN_IN_PART = 'the lines up to lastLine are decided, send the others later.';

function quotaProblem(retryAfterMs: number, taken: string): Problem {
  return {
    status: 429,
    code: 'quota_exceeded',
    detail: `This key sends more requests or activities a second than it may; ${taken}`,
    headers: { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) },
  };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
