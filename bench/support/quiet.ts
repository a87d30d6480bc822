/*
  Patience on a shared machine. The criterion looks at other programs alone, never at the result, so that it cannot prefer
  fast rounds to slow ones.
*/
import { startCpuMeter } from './cpu.ts';
import type { Sample } from './row.ts';

/** Processors that others may keep busy. */
const OTHERS_MAX = 0.3;
const LOOK_MS = 500;
/** For one round, and for all of them. */
const WAIT_MS_MAX = 30_000;
let waitMsLeft = 600_000;

/** Rounds of a row that may be played again. */
const REPEATS_MAX = 5;

/** How turns are taken by somebody who can wait. */
export const PATIENCE = { prepare: waitForQuiet, isDisturbed, repeatsMax: REPEATS_MAX };

/** Waits until the machine is nearly idle, but not for ever. */
async function waitForQuiet(): Promise<void> {
  const begunMs = performance.now();
  const waited = () => performance.now() - begunMs;
  while (waited() < Math.min(WAIT_MS_MAX, waitMsLeft)) {
    const meter = startCpuMeter({ me: process.pid });
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const { others } = meter.stop();
    if (others === null || others <= OTHERS_MAX) break;
  }
  waitMsLeft -= waited();
}

/** Whether somebody else's work stood in the way of any side of a round. */
function isDisturbed(results: readonly Sample[]): boolean {
  return results.some(({ cpu }) => (cpu?.others ?? 0) > OTHERS_MAX);
}
