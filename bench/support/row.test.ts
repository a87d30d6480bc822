import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRow, type Sample } from './row.ts';

test('each ratio is made of what was asked for, and goes the way that was asked for', () => {
  const samples = (...values: number[]): Sample[] =>
    values.map((value) => ({ value, activities: value * 20, cpu: null }));
  const row = makeRow({
    bench: 'b',
    name: 'n',
    unit: 'u',
    sluice: { name: 'Sluice', samples: samples(100, 100) },
    baselines: [
      { name: 'always', samples: samples(60, 80), compared: 'value', goal: '≥ 0.85', inverse: true },
      {
        name: 'job each',
        samples: samples(50, 25).map((sample) => ({ ...sample, activities: sample.value })),
        compared: 'activities',
        goal: null,
      },
    ],
  });
  assert.deepEqual(row.sluice.value, { median: 100, min: 100, max: 100 });
  assert.deepEqual(row.baselines[0]!.ratio, { median: 0.7, min: 0.6, max: 0.8 });
  assert.deepEqual(row.baselines[1]!.ratio, { median: 60, min: 40, max: 80 });
});

test('what an activity costs counts the side and Redis, but neither the client nor Graph nor other people', () => {
  const cpu = { cores: { intake: 0.6, Redis: 0.4, client: 0.5, Graph: 0.3 }, others: 0.9 };
  const samples: Sample[] = [{ value: 100, activities: 10_000, cpu }];
  const row = makeRow({ bench: 'b', name: 'n', unit: 'u', sluice: { name: 'Sluice', samples }, baselines: [] });
  assert.equal(row.sluice.cpuUs, 100);
});
