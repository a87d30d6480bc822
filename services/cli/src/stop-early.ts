/*
  The first process of a container is told nothing by a signal that it has no listener for, and a service has none while it is being
  loaded: it would run on until it is killed. Nothing is promised to anybody by then, so it ends at once; later the service decides.
*/
export interface EarlyProcess {
  readonly pid: number;
  on(signal: 'SIGTERM' | 'SIGINT', told: () => void): unknown;
  listenerCount(signal: 'SIGTERM' | 'SIGINT'): number;
  exit(code: number): void;
}

const CODES = { SIGTERM: 143, SIGINT: 130 } as const;

export function stopEarly(of: EarlyProcess): void {
  if (of.pid !== 1) return;
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    of.on(signal, () => {
      if (of.listenerCount(signal) === 1) of.exit(CODES[signal]);
    });
  }
}

stopEarly(process);
