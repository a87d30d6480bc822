/*
  Back-pressure of the process itself: how many requests are being answered, and whether the event loop keeps up. Beyond
  either, a new request is refused before its body is read: that costs next to nothing, so what was begun is finished.
*/
import type { ServerResponse } from 'node:http';

export interface LoadLimits {
  /** Requests being answered at once; 503 beyond it. */
  readonly answeringMax: number;
  /** A turn of the event loop that takes longer than this says that the process does not keep up; 503 until it ends. */
  readonly turnMsMax: number;
  /** As long as fewer are being answered, a long turn is the machine's doing and refusing would not shorten it. */
  readonly answeringMin: number;
}

export interface Load {
  readonly isTooHigh: () => boolean;
  /** Counts the request until its answer is sent or nobody waits for it. */
  enter(response: ServerResponse): void;
  stop(): void;
}

const TURN_NOTED_EVERY_MS = 10;

export function watchLoad(limits: LoadLimits, clock: () => number): Load {
  let answering = 0;
  let turnAtMs = clock();
  // Timers run once a turn: while one socket after another is served, none does.
  const timer = setInterval(() => {
    turnAtMs = clock();
  }, TURN_NOTED_EVERY_MS);
  timer.unref();
  const leave = () => {
    answering--;
  };
  return {
    isTooHigh: () => {
      if (answering >= limits.answeringMax) return true;
      return answering >= limits.answeringMin && clock() - turnAtMs > limits.turnMsMax;
    },
    enter: (response) => {
      answering++;
      response.once('close', leave);
    },
    stop: () => clearInterval(timer),
  };
}
