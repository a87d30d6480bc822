/* The hidden limit of a simulated service: when it says 429, and after how long it says a call may come again. */

export interface LimitShape {
  readonly window: 'bucket' | 'fixed' | 'sliding';
  /** Calls a second; windows are one second long. */
  readonly rate: number;
  /** Of a bucket, in seconds of its rate. At least one call. */
  readonly burstSeconds: number;
  /** Whether refused calls count as well. */
  readonly accrueThrottled: boolean;
  /** Calls at once; 0 = no such limit. */
  readonly concurrency: number;
}

export interface HiddenLimit {
  /** null: the call is taken. Else seconds, exact, until a call would be taken. */
  readonly charge: (nowS: number) => number | null;
  readonly changeRate: (rate: number, nowS: number) => void;
}

export function openLimit(shape: LimitShape): HiddenLimit {
  if (shape.window === 'bucket') return openTokenBucket(shape);
  return shape.window === 'fixed' ? openFixedWindow(shape) : openSlidingWindow(shape);
}

function openTokenBucket(shape: LimitShape): HiddenLimit {
  let rate = shape.rate;
  let burst = Math.max(1, rate * shape.burstSeconds);
  let tokens = burst;
  let at = 0;
  const refill = (nowS: number) => {
    tokens = Math.min(burst, tokens + (nowS - at) * rate);
    at = nowS;
  };
  return {
    charge(nowS) {
      refill(nowS);
      if (tokens >= 1) {
        tokens -= 1;
        return null;
      }
      if (shape.accrueThrottled) tokens = Math.max(-burst, tokens - 1);
      return (1 - tokens) / rate;
    },
    changeRate(next, nowS) {
      refill(nowS);
      rate = next;
      burst = Math.max(1, rate * shape.burstSeconds);
      tokens = Math.min(tokens, burst);
    },
  };
}

function openFixedWindow(shape: LimitShape): HiddenLimit {
  let rate = shape.rate;
  let window = -1;
  let count = 0;
  return {
    charge(nowS) {
      const current = Math.floor(nowS);
      if (current !== window) {
        window = current;
        count = 0;
      }
      if (count >= rate) return current + 1 - nowS;
      count += 1;
      return null;
    },
    changeRate(next) {
      rate = next;
    },
  };
}

function openSlidingWindow(shape: LimitShape): HiddenLimit {
  let rate = shape.rate;
  let times: number[] = [];
  let first = 0;
  return {
    charge(nowS) {
      while (first < times.length && times[first]! <= nowS - 1) first += 1;
      if (first > 4096) {
        times = times.slice(first);
        first = 0;
      }
      const held = times.length - first;
      if (held < rate) {
        times.push(nowS);
        return null;
      }
      if (shape.accrueThrottled) times.push(nowS);
      const leaves = times[times.length - Math.ceil(rate)]!;
      return Math.max(0, leaves + 1 - nowS);
    },
    changeRate(next) {
      rate = next;
    },
  };
}
