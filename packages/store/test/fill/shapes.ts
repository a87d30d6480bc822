/* What arrives, as data: who sends how much of what, and when. The same for every contender, drawn from a seed. */

/** One activity, as far as choosing a batch is concerned. */
export interface Entry {
  readonly number: number;
  readonly item: string;
  /** Type and instant: two entries of one call never share it. */
  readonly pair: number;
  readonly arrivedMs: number;
}

/** Arrives all the time, at an even pace. */
export interface Stream {
  readonly perSecond: number;
  /** Answers the item of the next activity, which is the `nth` of its stream. */
  readonly drawItem: (random: () => number, nth: number) => string;
}

/** Arrives at one moment: entries of one item that all have the same type and instant. */
export interface Burst {
  readonly atMs: number;
  readonly item: string;
  readonly entries: number;
}

export interface Shape {
  readonly name: string;
  readonly about: string;
  readonly streams: readonly Stream[];
  readonly bursts: readonly Burst[];
  /** From a call to its answer. */
  readonly answerMs: number;
  readonly ageBoundMs: number;
  /** The first window is from empty to here; what follows it is called settled. */
  readonly firstMs: number;
  readonly endMs: number;
  /** Whose ages are shown beside those of all. */
  readonly watched: { readonly name: string; readonly has: (item: string) => boolean };
}

/** 25 calls a second. */
export const CALL_INTERVAL_MS = 40;
export const LINGER_MS = 1000;
/** A request brings what arrived since the last one. */
export const REQUEST_EVERY_MS = 50;

const FIRST_MS = 240_000;

/** Items by popularity: the second is half as popular as the first, the third a third. */
export function zipf(items: number): Stream['drawItem'] {
  const sums = new Float64Array(items);
  let sum = 0;
  for (let rank = 1; rank <= items; rank++) sums[rank - 1] = sum += 1 / rank;
  return (random) => `z${rankOf(sums, random() * sum)}`;
}

function rankOf(sums: Float64Array, drawn: number): number {
  let [low, high] = [0, sums.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sums[middle]! < drawn) low = middle + 1;
    else high = middle;
  }
  return low + 1;
}

function rarerThan(rank: number): Shape['watched'] {
  return { name: `items after the ${rank}th`, has: (item) => Number(item.slice(1)) > rank };
}

const EVENLY = { bursts: [], answerMs: 50, ageBoundMs: 60_000, firstMs: FIRST_MS, endMs: 480_000 };

export const ZIPF_1000: Shape = {
  ...EVENLY,
  name: 'zipf1000',
  about: '300 activities/s, Zipf(1.0) over 1,000 items',
  streams: [{ perSecond: 300, drawItem: zipf(1000) }],
  watched: rarerThan(500),
};

export const ZIPF_10000: Shape = {
  ...EVENLY,
  name: 'zipf10000',
  about: '300 activities/s, Zipf(1.0) over 10,000 items: more than 25 calls/s can carry in time',
  streams: [{ perSecond: 300, drawItem: zipf(10_000) }],
  watched: rarerThan(5000),
};

export const SPARSE: Shape = {
  ...EVENLY,
  name: 'sparse',
  about: '20 activities/s, each for another item',
  streams: [{ perSecond: 20, drawItem: (_random, nth) => `s${nth}` }],
  watched: { name: 'all items', has: () => true },
};

const COLD_ITEMS = 10;

export const HOT: Shape = {
  ...EVENLY,
  name: 'hot',
  about: `one item with 600 activities/s, more than the quota carries, beside ${COLD_ITEMS} with one in 2 s each; calls take 400 ms`,
  streams: [
    { perSecond: 600, drawItem: () => 'hot' },
    { perSecond: COLD_ITEMS / 2, drawItem: (_random, nth) => `cold${nth % COLD_ITEMS}` },
  ],
  answerMs: 400,
  watched: { name: 'cold items', has: (item) => item !== 'hot' },
};

const SAME = 'same';

export const SAME_INSTANT: Shape = {
  ...EVENLY,
  name: 'same-instant',
  about:
    'zipf1000, and after 240 s 1,000 entries of one more item that all have one instant: a call carries one of them',
  streams: ZIPF_1000.streams,
  bursts: [{ atMs: FIRST_MS, item: SAME, entries: 1000 }],
  watched: { name: 'the other items', has: (item) => item !== SAME },
};

export const SHAPES: readonly Shape[] = [ZIPF_1000, ZIPF_10000, SPARSE, HOT, SAME_INSTANT];
