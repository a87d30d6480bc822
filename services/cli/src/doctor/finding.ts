/* What the doctor says of one thing it looked at. Every failure names what, where, and what to do next. */

/** fail: it does not work like this. warn: it works, and will not for long or not well. skipped: it was not looked at, and why. */
export type FindingState = 'ok' | 'warn' | 'fail' | 'skipped';

export interface Finding {
  /** Where it is: settings, credential, graph, connections, redis, workers, intake, console, delivery. */
  readonly area: string;
  readonly state: FindingState;
  readonly text: string;
  /** What to do; null: nothing. */
  readonly remedy: string | null;
  /** Sluice's name of the tenant that it is about. */
  readonly tenant?: string;
  readonly connection?: string;
}

export type FindingParts = Pick<Finding, 'tenant' | 'connection'>;

/** The words for one area. */
export function findingsOf(area: string, parts: FindingParts = {}) {
  const find =
    (state: FindingState) =>
    (text: string, remedy: string | null = null): Finding => ({ area, state, text, remedy, ...parts });
  return { ok: find('ok'), warn: find('warn'), fail: find('fail'), skipped: find('skipped') };
}

const CLOCK_WARN_MS = 30_000;
const CLOCK_FAIL_MS = 240_000;

export interface Clocks {
  readonly theirsMs: number;
  readonly oursMs: number;
}

/** A Date header has whole seconds, and an answer takes some: less than half a minute is nothing. */
export function findClock(
  area: string,
  whose: string,
  clock: Clocks | null,
  parts: FindingParts = {},
): readonly Finding[] {
  if (clock === null) return [];
  const { ok, warn, fail } = findingsOf(area, parts);
  const offMs = clock.oursMs - clock.theirsMs;
  const off = Math.abs(offMs);
  const text = `This machine's clock is ${forTime(off)} ${offMs > 0 ? 'ahead of' : 'behind'} ${whose}`;
  const remedy =
    'Set the clock by NTP (timedatectl set-ntp true; in a container it is the host’s), here and where the workers run.';
  if (off >= CLOCK_FAIL_MS) return [fail(`${text}: tokens and certificate proofs are refused with this.`, remedy)];
  if (off >= CLOCK_WARN_MS) return [warn(`${text}.`, remedy)];
  return [ok(`The clocks agree: this machine's and ${whose}.`)];
}

/** A stretch of time in one unit. */
export function forTime(ms: number): string {
  const units = [
    ['day', 86_400_000],
    ['hour', 3_600_000],
    ['minute', 60_000],
  ] as const;
  for (const [name, size] of units) {
    const n = Math.floor(ms / size);
    if (n >= 2) return `${n} ${name}s`;
  }
  return `${Math.round(ms / 1000)} s`;
}
