import { pause } from '../pause.ts';
import type { TotalsReader } from './read-totals.ts';
import type { Screen } from './screen.ts';
import { formatTotals, rateMeter } from './totals.ts';

const INTERVAL_MS = 1000;
/** Where lines cannot be rewritten, one every ten seconds, and only when something has changed. */
const PLAIN_EVERY = 10;

/** The live line, until the signal aborts. */
export async function showStatus(totals: TotalsReader, screen: Screen, signal: AbortSignal): Promise<number> {
  const rate = rateMeter();
  let last = '';
  const aborted = new Promise<null>((resolve) => signal.addEventListener('abort', () => resolve(null), { once: true }));
  for (let n = 0; !signal.aborted; n++) {
    const read = await Promise.race([totals.read(), aborted]);
    if (read === null || signal.aborted) break;
    const line = formatTotals(rate(read, performance.now()));
    screen.setStatus(line);
    const counts = line.replace(/ {2}[\d,]+\/s$/, '');
    if (!screen.isTerminal && n % PLAIN_EVERY === 0 && counts !== last) {
      screen.print(line);
      last = counts;
    }
    await pause(INTERVAL_MS, signal);
  }
  return 0;
}
