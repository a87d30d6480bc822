/* What a process exports under /metrics, as a scraper reads it, and the two equations that hold at rest. */
import assert from 'node:assert/strict';

export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface Scrape {
  readonly text: string;
  readonly samples: readonly Sample[];
  /** The sum of the samples of this name that carry these labels; 0 without any. */
  sum(name: string, labels?: Readonly<Record<string, string>>): number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"/g;

export async function scrape(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Scrape> {
  const response = await fetch(`${url}/metrics`, { headers });
  assert.equal(response.status, 200, `${url}/metrics`);
  return readScrape(await response.text());
}

export function readScrape(text: string): Scrape {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  const samples = lines.map((line): Sample => {
    const match = LINE.exec(line);
    assert.ok(match, `not a sample: ${line}`);
    const labels = Object.fromEntries([...(match[2] ?? '').matchAll(LABEL)].map(([, name, value]) => [name!, value!]));
    return { name: match[1]!, labels, value: Number(match[3]) };
  });
  const carries = (sample: Sample, labels: Readonly<Record<string, string>>) =>
    Object.entries(labels).every(([name, value]) => sample.labels[name] === value);
  return {
    text,
    samples,
    sum: (name, labels = {}) =>
      samples
        .filter((sample) => sample.name === name && carries(sample, labels))
        .reduce((sum, { value }) => sum + value, 0),
  };
}

/** What went in came out or is still there; what ended without delivery was replayed, removed or is still kept. */
export function assertEquations(scraped: Scrape, connection: string): void {
  const of = (name: string, labels: Readonly<Record<string, string>> = {}) =>
    scraped.sum(`sluice_${name}`, { connection, ...labels });
  const settled = (verdict: string) => of('settle_entries_total', { verdict });
  const removed = (from: string) => of('removed_entries_total', { from });
  assert.equal(
    of('append_entries_total') + of('replayed_entries_total'),
    settled('delivered') + settled('dead') + settled('parked') + removed('pending') + of('pending_entries'),
    `append + replayed = delivered + dead + parked + removed{from="pending"} + pending, of ${connection}`,
  );
  assert.equal(
    of('dead_letters') + of('parked_entries'),
    settled('dead') + settled('parked') - of('replayed_entries_total') - removed('dead') - removed('parked'),
    `dead_letters + parked_entries = dead + parked - replayed - removed{from="dead|parked"}, of ${connection}`,
  );
}
