/*
  Decides whether a service that ended by itself is started again. A crash may be the weather; five within a minute are the climate.
  Exit 78 says that the configuration is wrong, which starting again does not mend.
*/
export const RESTARTS_MAX = 5;
export const RESTART_WINDOW_MS = 60_000;
const RESTART_DELAY_BASE_MS = 250;
const EXIT_CONFIG = 78;

export type RestartPlan =
  | { readonly kind: 'restart'; readonly delayMs: number }
  | { readonly kind: 'give-up'; readonly why: 'configuration' | 'too-often' };

/** crashesMs: when it crashed, this time included. */
export function planRestart(exitCode: number | null, crashesMs: readonly number[], nowMs: number): RestartPlan {
  if (exitCode === EXIT_CONFIG) return { kind: 'give-up', why: 'configuration' };
  const recent = crashesMs.filter((at) => at > nowMs - RESTART_WINDOW_MS).length;
  if (recent > RESTARTS_MAX) return { kind: 'give-up', why: 'too-often' };
  return { kind: 'restart', delayMs: RESTART_DELAY_BASE_MS * 2 ** (recent - 1) };
}
