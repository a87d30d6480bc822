import { type Entry, REQUEST_EVERY_MS, type Shape } from './shapes.ts';

/** Draws the requests of a shape one after another: the entries of the `nth`, which comes at nth × REQUEST_EVERY_MS. */
export function drawArrivals({ streams, bursts }: Shape, seed: number): (nth: number) => readonly Entry[] {
  const random = seededChance(seed);
  const arrived = streams.map(() => 0);
  let numbers = 0;
  return (nth) => {
    const arrivedMs = nth * REQUEST_EVERY_MS;
    const entries: Entry[] = [];
    const add = (item: string, pair: number | null) => {
      entries.push({ number: numbers, item, pair: pair ?? numbers, arrivedMs });
      numbers += 1;
    };
    for (const [s, { perSecond, drawItem }] of streams.entries()) {
      const total = Math.floor((perSecond * (nth + 1) * REQUEST_EVERY_MS) / 1000);
      for (let n = arrived[s]!; n < total; n++) add(drawItem(random, n), null);
      arrived[s] = total;
    }
    for (const { atMs, item, entries: count } of bursts) {
      if (atMs !== arrivedMs) continue;
      const pair = numbers;
      for (let n = 0; n < count; n++) add(item, pair);
    }
    return entries;
  };
}

/** Chance that can be repeated: mulberry32. Numbers in [0, 1). */
function seededChance(seed: number): () => number {
  let state = (seed * 2654435761) >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
