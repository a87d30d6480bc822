/*
  The forms that a 200 or 207 can have besides the documented one: Graph promises neither number nor order nor spelling of its
  results. Decides which results there are; a position whose result is missing was appended and its caller is not told.
*/
import type { ResultShape } from '../behavior/behavior.ts';
import type { Random } from '../random.ts';

export type ShapedResult =
  | { readonly kind: 'of'; readonly position: number }
  /** Of an activity that was not in the call. */
  | { readonly kind: 'foreign' };

export interface Shaped {
  readonly results: readonly ShapedResult[];
  /** Positions without a result of their own. */
  readonly untold: readonly number[];
}

/** `order`: the positions of the call in the order of the results. */
export function shapeResults(shape: ResultShape, order: readonly number[], random: Random): Shaped {
  const whole = order.map((position): ShapedResult => ({ kind: 'of', position }));
  const at = Math.floor(random() * order.length);
  switch (shape) {
    case 'short': {
      const kept = whole.slice(0, at);
      return { results: kept, untold: order.slice(at) };
    }
    case 'long':
      return { results: [...whole.slice(0, at), { kind: 'foreign' }, ...whole.slice(at)], untold: [] };
    case 'repeated':
      return { results: [...whole, whole[at]!], untold: [] };
    case 'foreign':
      return { results: whole.with(at, { kind: 'foreign' }), untold: [order[at]!] };
    default:
      return { results: whole, untold: [] };
  }
}
