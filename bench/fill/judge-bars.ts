/* What each shape has to reach. A bar holds when it holds for every seed. */

import { CALL_ENTRIES_MAX } from '@sluice/core';
import type { Measured } from '../../packages/store/test/fill/measure-run.ts';
import {
  CALL_INTERVAL_MS,
  HOT,
  LINGER_MS,
  SAME_INSTANT,
  type Shape,
  SPARSE,
  ZIPF_1000,
  ZIPF_10000,
} from '../../packages/store/test/fill/shapes.ts';
import { type Compared, OLDEST_FIRST } from './compare-contenders.ts';
import type { Costs } from './measure-costs.ts';

export interface Verdict {
  readonly bar: string;
  /** In the worst seed. */
  readonly found: string;
  /** null: the machine was too busy to tell. */
  readonly reached: boolean | null;
}

interface Bar {
  readonly text: string;
  readonly unit: string;
  readonly is: 'at least' | 'at most';
  readonly limit: number;
  readonly value: (measured: Measured) => number;
}

export function judgeBars(shape: Shape, { sluice, alternatives }: Compared): readonly Verdict[] {
  return barsOf(shape, alternatives.get(OLDEST_FIRST)!).map(({ text, unit, is, limit, value }) => {
    const values = [...sluice.values()].map(value);
    const worst = is === 'at least' ? Math.min(...values) : Math.max(...values);
    return {
      bar: `${text}: ${is} ${limit.toFixed(1)} ${unit}`,
      found: `${worst.toFixed(1)} ${unit}`,
      reached: is === 'at least' ? worst >= limit : worst <= limit,
    };
  });
}

const COST_RATIO_MAX = 1.3;
const RUN_MS_MAX = 20;
/** Others may take the processor in the middle of a run; with this much of it a long run says nothing. */
const KEPT_WAITING_MS_MAX = 500;

export function judgeCosts({ scripts, slowest, keptWaitingMs }: Costs): readonly Verdict[] {
  const bounded = scripts.filter(({ boundedRatio }) => boundedRatio);
  const ratio = Math.max(...bounded.map((script) => script.ratio.median));
  const slowestMs = Math.max(0, ...slowest.map(({ us }) => us / 1000));
  return [
    {
      bar: `cost of take, settle, append and status with the many ÷ with the few: at most ${COST_RATIO_MAX}`,
      found: ratio.toFixed(2),
      reached: ratio <= COST_RATIO_MAX,
    },
    {
      bar: `slowest single run of a script: at most ${RUN_MS_MAX} ms`,
      found: `${slowestMs.toFixed(1)} ms`,
      reached: slowestMs <= RUN_MS_MAX || ((keptWaitingMs ?? 0) > KEPT_WAITING_MS_MAX ? null : false),
    },
  ];
}

function barsOf({ name, ageBoundMs, watched, streams }: Shape, oldestFirst: Measured): readonly Bar[] {
  const boundS = ageBoundMs / 1000;
  switch (name) {
    case ZIPF_1000.name:
      return [
        atLeast(280, 'delivered in the first 240 s', ({ first }) => first.deliveredPerSecond),
        atMost(5, 'p50 age then', ({ settled }) => settled.ageP50),
        atMost(boundS + 2, 'oldest then', ({ settled }) => settled.ageMax),
      ];
    case ZIPF_10000.name:
      return (['first', 'settled'] as const).map((window) =>
        atLeast(
          1.25 * oldestFirst[window].deliveredPerSecond,
          `delivered, 1.25 × oldest first, ${window === 'first' ? 'first 240 s' : 'then'}`,
          (measured) => measured[window].deliveredPerSecond,
        ),
      );
    case SPARSE.name:
      return [atMost(LINGER_MS / 1000 + 1, 'oldest then', ({ settled }) => settled.ageMax)];
    case HOT.name: {
      const quota = (CALL_ENTRIES_MAX * 1000) / CALL_INTERVAL_MS;
      return [
        atLeast(0.98 * quota, 'delivered then, 0.98 of the quota', ({ settled }) => settled.deliveredPerSecond),
        atMost(boundS + 2, `oldest of ${watched.name} then`, ({ settled }) => settled.watchedAgeMax),
      ];
    }
    case SAME_INSTANT.name:
      return [
        atLeast(
          0.9 * streams[0]!.perSecond,
          `delivered of ${watched.name}, slowest 40 s, 0.9 of what comes`,
          ({ watchedSlowest }) => watchedSlowest,
        ),
        atMost(boundS + 5, `oldest of ${watched.name} then`, ({ settled }) => settled.watchedAgeMax),
      ];
    default:
      return [];
  }
}

function atLeast(limit: number, text: string, value: Bar['value']): Bar {
  return { text, unit: '/s', is: 'at least', limit, value };
}

function atMost(limit: number, text: string, value: Bar['value']): Bar {
  return { text, unit: 's', is: 'at most', limit, value };
}
