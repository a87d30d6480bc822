/*
  Back-pressure before work: how many bodies are in work at once. What is in work becomes objects, and the more of them live
  at the same time, the longer each lives and the more its removal costs; so only as much is begun as keeps the process busy,
  and the bodies behind it wait their turn as the bytes they came in. A turn that would come too late is refused as soon as
  that can be foreseen, for most before the body is read. So what is refused costs little, and what is begun is finished.
*/

export interface AdmissionLimits {
  /** Bytes of bodies in work: so much always, and up to the most while the process has time to spare, because the store is slow. */
  readonly workBytesMin: number;
  readonly workBytesMax: number;
  /** A body waits no longer than this for its turn; 503 beyond it. */
  readonly turnWaitMsMax: number;
}

export interface Turn {
  readonly waitedMs: number;
  /** Lets the next one begin; more than once is once. */
  end(): void;
}

export interface Admission {
  /** Whether a body that came now would have to wait longer than it may. */
  isFull(): boolean;
  /** Its turn, when it has come; null: it would come too late. */
  enter(bodyBytes: number): Turn | null | Promise<Turn | null>;
  /** Once every TICK_MS. `busy` is the share of its time that the process was, 0 to 1. */
  tick(busy: number): void;
}

export const TICK_MS = 50;
/** What a request costs beside its body. */
const REQUEST_BYTES = 8192;
/** So many bytes are begun before the event loop comes round again, 2 to 5 ms of work: what is to be refused, and what may look, waits no longer. */
const BEGUN_BYTES_AT_ONCE = 64 * 1024;
/** A process with bodies waiting should be busy; if it is not, the store takes its time, and more at once is more done. */
const BUSY_ENOUGH = 0.85;
/** But when turns take this long, the store has enough to do, and more at once would only wait there. */
const SLOW_TURN_MS = 100;
const RAISED_TO = 1.25;
const LOWERED_TO = 0.8;
/** A turn that is foreseen to come later than this share of the longest wait is refused at once: what is foreseen may be wrong. */
const FORESEEN_SHARE = 0.5;
/** How much a turn counts among those before it. */
const TURN_COUNTS = 0.05;
/** How much the latest tick counts among those before it. */
const LATEST_COUNTS = 0.2;

interface Waiting {
  readonly bytes: number;
  readonly sinceMs: number;
  readonly answer: (turn: Turn | null) => void;
}

/** `later` runs what it is given when the event loop has come round. */
export function admitBodies(
  limits: AdmissionLimits,
  clock: () => number,
  later: (begin: () => void) => void = setImmediate,
): Admission {
  const { workBytesMin, workBytesMax, turnWaitMsMax } = limits;
  const line: Waiting[] = [];
  let [lineBytes, workBytes, inWorkMax] = [0, 0, workBytesMin];
  let [endedBytes, endedPerMs, tickedAtMs] = [0, 0, clock()];
  let turnMs = 0;
  let comesRound = false;

  function begin(bytes: number, waitedMs: number): Turn {
    workBytes += bytes;
    let over = false;
    const begunAtMs = clock();
    const end = () => {
      if (over) return;
      over = true;
      workBytes -= bytes;
      endedBytes += bytes;
      turnMs += TURN_COUNTS * (clock() - begunAtMs - turnMs);
      beginLater();
    };
    return { waitedMs, end };
  }

  /** One that is larger than the limit is begun when it is alone. */
  function hasRoom(bytes: number): boolean {
    return workBytes === 0 || workBytes + bytes <= inWorkMax;
  }

  function takeFirst(): Waiting {
    const first = line.shift()!;
    lineBytes -= first.bytes;
    return first;
  }

  function mayBegin(): boolean {
    return line.length > 0 && hasRoom(line[0]!.bytes);
  }

  function beginNext(): void {
    for (let begun = 0; begun < BEGUN_BYTES_AT_ONCE && mayBegin(); ) {
      const { bytes, sinceMs, answer } = takeFirst();
      answer(begin(bytes, clock() - sinceMs));
      begun += bytes;
    }
    beginLater();
  }

  /** The answers of the store come many at once, and each makes room. */
  function beginLater(): void {
    if (comesRound || !mayBegin()) return;
    comesRound = true;
    later(() => {
      comesRound = false;
      beginNext();
    });
  }

  /** Nothing is foreseen before anything was seen. */
  function isFull(): boolean {
    return endedPerMs > 0 && lineBytes > endedPerMs * turnWaitMsMax * FORESEEN_SHARE;
  }

  return {
    isFull,
    enter: (bodyBytes) => {
      const bytes = REQUEST_BYTES + bodyBytes;
      if (line.length === 0 && hasRoom(bytes)) return begin(bytes, 0);
      if (isFull()) return null;
      const { promise, resolve } = Promise.withResolvers<Turn | null>();
      lineBytes += bytes;
      line.push({ bytes, sinceMs: clock(), answer: resolve });
      return promise;
    },
    tick: (busy) => {
      const nowMs = clock();
      const perMs = endedBytes / Math.max(1, nowMs - tickedAtMs);
      const waits = line.length > 0;
      // Where nothing waits, what was ended says how much came, and not how much can be done.
      if (waits && endedPerMs > 0) endedPerMs += LATEST_COUNTS * (perMs - endedPerMs);
      else endedPerMs = Math.max(endedPerMs, perMs);
      [endedBytes, tickedAtMs] = [0, nowMs];
      if (waits && busy < BUSY_ENOUGH && turnMs < SLOW_TURN_MS)
        inWorkMax = Math.min(workBytesMax, inWorkMax * RAISED_TO);
      else inWorkMax = Math.max(workBytesMin, inWorkMax * LOWERED_TO);
      while (line.length > 0 && nowMs - line[0]!.sinceMs >= turnWaitMsMax) takeFirst().answer(null);
      beginNext();
    },
  };
}
