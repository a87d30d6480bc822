/*
  Decides what a signal means. The first one asks for an orderly stop, a second one for an immediate end. npm passes on a Ctrl-C that
  the terminal has already delivered, so two within a blink are one.
*/
import { watchParents } from '../watch-parents.ts';

export interface StopSignals {
  /** Aborted by the first signal. */
  readonly requested: AbortSignal;
  dispose(): void;
}

export interface StopSignalsOptions {
  readonly onSecond: (exitCode: number) => void;
  /** npm runs this process: its end, even by kill -9, is a request to stop. */
  readonly underNpm: boolean;
}

const SAME_MS = 300;
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;

export function watchStopSignals({ onSecond, underNpm }: StopSignalsOptions): StopSignals {
  const stop = new AbortController();
  let firstMs = Number.NaN;
  const onSignal = (signal: NodeJS.Signals) => {
    const nowMs = performance.now();
    if (!stop.signal.aborted) {
      firstMs = nowMs;
      stop.abort();
    } else if (nowMs - firstMs > SAME_MS) {
      onSecond(EXIT_CODES[signal as keyof typeof EXIT_CODES]);
    }
  };
  const names = Object.keys(EXIT_CODES) as NodeJS.Signals[];
  for (const name of names) process.on(name, onSignal);
  const stopPolling = underNpm ? watchParents(() => stop.abort()) : () => undefined;
  return {
    requested: stop.signal,
    dispose() {
      for (const name of names) process.off(name, onSignal);
      stopPolling();
    },
  };
}
