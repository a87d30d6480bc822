/* A line chart of the last hour. Colours come from the style sheet, so a change of theme draws it anew. */
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';

export interface Line {
  readonly label: string;
  /** A custom property of the style sheet. */
  readonly color: string;
  readonly values: readonly (number | null)[];
  readonly fill?: boolean;
  readonly dashed?: boolean;
}

interface ChartProps {
  readonly title: string;
  readonly unit: string;
  readonly timesMs: readonly number[];
  readonly lines: readonly Line[];
}

const HEIGHT = 170;
/** A stretch without samples that is longer than this is shown as one. What other consoles saw comes each half minute. */
const GAP_MS = 60_000;
const HOUR_SECONDS = 3600;

export function Chart({ title, unit, timesMs, lines }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const data = withGaps(timesMs, lines);
  const latest = useRef(data);
  latest.current = data;

  useEffect(() => {
    const dark = matchMedia('(prefers-color-scheme: dark)');
    const draw = () => {
      chart.current?.destroy();
      chart.current = new uPlot(optionsOf(place.current!, lines), latest.current, place.current!);
      showLast(chart.current);
    };
    draw();
    dark.addEventListener('change', draw);
    const resized = new ResizeObserver(() => {
      // It is told once more of a place that has just left the page.
      if (place.current !== null) chart.current?.setSize({ width: place.current.clientWidth, height: HEIGHT });
    });
    resized.observe(place.current!);
    return () => {
      dark.removeEventListener('change', draw);
      resized.disconnect();
      chart.current?.destroy();
    };
  }, []);
  // The page is drawn anew every second; what the chart shows changes with the samples alone.
  useEffect(() => {
    chart.current?.setData(latest.current);
    if (chart.current !== null) showLast(chart.current);
  }, [timesMs]);

  const last = lines.map(({ label, values }) => `${label} ${values.at(-1) ?? 'not known'}`).join(', ');
  return (
    <figure class="chart">
      <figcaption>
        <b>{title}</b> <span class="dim">{unit}</span>
      </figcaption>
      <div ref={place} role="img" aria-label={`${title}, ${unit}, the last hour; now ${last}`} />
    </figure>
  );
}

/** While nobody points at a moment, the legend says what is now. */
function showLast(chart: uPlot): void {
  if ((chart.cursor.left ?? -1) < 0) chart.setLegend({ idx: chart.data[0].length - 1 });
}

function optionsOf(place: HTMLElement, lines: readonly Line[]): uPlot.Options {
  const style = getComputedStyle(place);
  const color = (name: string) => style.getPropertyValue(`--${name}`).trim();
  const axis = {
    stroke: color('dim'),
    grid: { stroke: color('line'), width: 1 },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    width: place.clientWidth || 400,
    height: HEIGHT,
    cursor: { y: false, points: { size: 6 } },
    hooks: { setCursor: [showLast] },
    legend: { show: true, live: true },
    scales: {
      x: { range: (_chart, min, max) => [max - stretchSeconds(max - min), max] },
      y: { range: (_chart, _min, max) => [0, niceMax(max)] },
    },
    axes: [
      {
        ...axis,
        size: 28,
        space: 70,
        values: (_chart, ticks) => ticks.map((s) => new Date(s * 1000).toTimeString().slice(0, 5)),
      },
      { ...axis, size: 52, space: 34, values: (_chart, ticks) => ticks.map(short) },
    ],
    series: [
      { label: 'at', value: (_chart, s) => (s === null ? '–' : new Date(s * 1000).toTimeString().slice(0, 8)) },
      ...lines.map((line) => ({
        label: line.label,
        stroke: color(line.color),
        width: 1.5,
        points: { show: false },
        spanGaps: false,
        value: (_chart: uPlot, value: number | null) => (value === null ? '–' : short(value)),
        ...(line.fill === true && { fill: `${color(line.color)}22` }),
        ...(line.dashed === true && { dash: [5, 4] }),
      })),
    ],
  };
}

/** What was seen, five minutes at least and an hour at most. */
function stretchSeconds(seenSeconds: number): number {
  return Math.min(HOUR_SECONDS, Math.max(300, seenSeconds));
}

function niceMax(max: number | null): number {
  if (max === null || !Number.isFinite(max) || max <= 0) return 1;
  return max * 1.1;
}

function short(value: number): string {
  const size = Math.abs(value);
  if (size >= 1e6) return `${trim(value / 1e6)} M`;
  if (size >= 1e4) return `${trim(value / 1e3)} k`;
  return trim(value);
}

function trim(value: number): string {
  return String(Math.round(value * 10) / 10);
}

function withGaps(timesMs: readonly number[], lines: readonly Line[]): uPlot.AlignedData {
  const times: number[] = [];
  const columns: (number | null)[][] = lines.map(() => []);
  for (const [n, ms] of timesMs.entries()) {
    const before = timesMs[n - 1];
    if (before !== undefined && ms - before > GAP_MS) {
      times.push((before + 1) / 1000);
      for (const column of columns) column.push(null);
    }
    times.push(ms / 1000);
    for (const [at, line] of lines.entries()) columns[at]!.push(line.values[n] ?? null);
  }
  return [times, ...columns] as uPlot.AlignedData;
}
