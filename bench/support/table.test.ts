import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeRow } from './row.ts';
import { renderTable } from './table.ts';

test('a row shows medians with their range, which way a ratio goes, and who was busiest', () => {
  const cpu = { cores: { Redis: 0.25, intake: 0.95 }, others: 0.1 };
  const table = renderTable([
    makeRow({
      bench: 'intake',
      name: '100 a request',
      unit: 'requests/s',
      sluice: {
        name: 'Sluice',
        samples: [2000, 2100, 1900].map((value) => ({ value, activities: value * 100, cpu })),
      },
      baselines: [
        {
          name: 'null',
          samples: [2500, 2500, 2500].map((value) => ({ value, activities: value * 100, cpu: null })),
          compared: 'value',
          goal: '≥ 0.45',
        },
        {
          name: 'always',
          samples: [1000, 1050, 950].map((value) => ({ value, activities: null, cpu: null })),
          compared: 'value',
          goal: null,
          inverse: true,
        },
      ],
    }),
  ]);
  const lines = table.split('\n').slice(2);
  assert.deepEqual(lines, [
    '| intake: 100 a request | Sluice | 2,000 (1,900–2,100) requests/s | 200,000 |  |  | 6 | intake 0.95, Redis 0.25, others 0.10 |',
    '|  | null | 2,500 requests/s | 250,000 | Sluice ÷ it 0.8 (0.76–0.84) | ≥ 0.45 |  |  |',
    '|  | always | 1,000 (950–1,050) requests/s |  | it ÷ Sluice 0.5 |  |  |  |',
  ]);
});
