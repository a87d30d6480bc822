/** How far everything is, over all connections. null: not known at the moment. */
export interface Totals {
  readonly accepted: number | null;
  readonly delivered: number | null;
  readonly pending: number | null;
  /** Calls to Graph. */
  readonly calls: number | null;
  /** Those of them that carried activities (refused ones did not), and how many on average. */
  readonly taken: number | null;
  readonly fill: number | null;
}

export interface RatedTotals extends Totals {
  /** Deliveries a second over the last few seconds. */
  readonly rate: number | null;
}

/** Adds the rate to a series of totals. */
export function rateMeter(windowMs = 5000): (totals: Totals, nowMs: number) => RatedTotals {
  const samples: { readonly atMs: number; readonly delivered: number }[] = [];
  return (totals, nowMs) => {
    if (totals.delivered === null) return { ...totals, rate: null };
    samples.push({ atMs: nowMs, delivered: totals.delivered });
    // One sample older than the window stays, so that the rate is always over at least the window.
    while (samples.length > 2 && samples[1]!.atMs <= nowMs - windowMs) samples.shift();
    const first = samples[0]!;
    const seconds = (nowMs - first.atMs) / 1000;
    return { ...totals, rate: seconds > 0 ? Math.max(0, totals.delivered - first.delivered) / seconds : null };
  };
}

/** One line; what is not known is left out. */
export function formatTotals(totals: RatedTotals): string {
  const parts = [
    part('accepted', totals.accepted, formatCount),
    part('delivered', totals.delivered, formatCount),
    part('pending', totals.pending, formatCount),
    part('calls', totals.calls, formatCount),
    part('fill', totals.fill, (n) => n.toFixed(1)),
    totals.rate === null ? null : `${formatCount(Math.round(totals.rate))}/s`,
  ];
  return parts.filter((each) => each !== null).join('  ');
}

export function formatCount(n: number): string {
  return n.toLocaleString('en-US');
}

function part(name: string, value: number | null, format: (n: number) => string): string | null {
  return value === null ? null : `${name} ${format(value)}`;
}
