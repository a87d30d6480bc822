import cliProgress from 'cli-progress';
import type { Output } from '../world.ts';

export interface ProgressBar {
  update(value: number, note: string): void;
  stop(): void;
}

const REDRAWS_A_SECOND = 5;
export const NO_BAR: ProgressBar = { update: () => undefined, stop: () => undefined };

/** One bar on a terminal; elsewhere nothing is drawn, the plain status lines say enough. */
export function openProgressBar(err: Output, title: string, total: number): ProgressBar {
  if (err.isTTY !== true) return NO_BAR;
  const bar = new cliProgress.SingleBar(
    {
      format: `${title} [{bar}] {percentage}%  {note}`,
      barsize: 30,
      stream: err,
      fps: REDRAWS_A_SECOND,
      hideCursor: true,
      clearOnComplete: false,
      linewrap: false,
    },
    cliProgress.Presets.rect,
  );
  bar.start(total, 0, { note: '' });
  return { update: (value, note) => bar.update(Math.min(value, total), { note }), stop: () => bar.stop() };
}
