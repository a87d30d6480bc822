import { Chart } from '../parts/chart.tsx';
import { useAsked } from '../parts/use-asked.ts';
import { fullTime } from '../state/format.ts';
import { nowMs } from '../state/live.ts';

interface HistoryAnswer {
  readonly since: string | null;
  readonly times: readonly number[];
  readonly series: Readonly<Record<string, readonly (number | null)[]>>;
}

const EVERY_MS = 5000;
const HOUR_MS = 3_600_000;

export function Charts({ connectionId }: { readonly connectionId: string }) {
  const { value, problem } = useAsked<HistoryAnswer>(
    `/api/v1/connections/${encodeURIComponent(connectionId)}/history`,
    EVERY_MS,
  );
  if (value === null) return <p class="dim">{problem ?? 'Reading the last hour …'}</p>;
  const { since, times, series } = value;
  const of = (name: string) => series[name] ?? [];
  const young = since !== null && nowMs.value - Date.parse(since) < HOUR_MS;
  return (
    <section aria-labelledby="history-title">
      <h2 id="history-title">
        The last hour {young && <span class="dim">seen since {fullTime(since)}; before that no console looked</span>}
      </h2>
      <div class="charts">
        <Chart
          title="Backlog"
          unit="activities"
          timesMs={times}
          lines={[{ label: 'pending', color: 'c1', values: of('pending'), fill: true }]}
        />
        <Chart
          title="Activities"
          unit="a second"
          timesMs={times}
          lines={[
            { label: 'in', color: 'c2', values: of('appendedPerSecond') },
            { label: 'out', color: 'c1', values: of('deliveredPerSecond') },
          ]}
        />
        <Chart
          title="Calls to Graph"
          unit="a second"
          timesMs={times}
          lines={[
            { label: 'used', color: 'c1', values: of('callsPerSecond'), fill: true },
            { label: 'learned quota', color: 'c3', values: of('quotaCallsPerSecond'), dashed: true },
          ]}
        />
        <Chart
          title="Oldest waiting"
          unit="seconds"
          timesMs={times}
          lines={[{ label: 'age', color: 'c4', values: of('oldestSeconds'), fill: true }]}
        />
      </div>
    </section>
  );
}
