/* What a simulated run is judged by. */
import type { Second } from './simulate-fleet.ts';

export interface Measure {
  /** Calls the service took ÷ what the limit allowed. */
  readonly used: number;
  /** Refused ÷ all calls. */
  readonly refused: number;
}

export function measureUse(seconds: readonly Second[], fromS: number, toS: number): Measure {
  let accepted = 0;
  let refused = 0;
  let allowed = 0;
  for (const second of seconds.slice(fromS, toS)) {
    accepted += second.accepted;
    refused += second.refused;
    allowed += second.limit;
  }
  return { used: accepted / allowed, refused: refused / Math.max(1, accepted + refused) };
}

/** Seconds from a change of the limit until `share` of it was used over ten seconds together; null: never. */
export function measureReaction(seconds: readonly Second[], stepS: number, share: number): number | null {
  for (let end = stepS + 10; end <= seconds.length; end += 1) {
    if (measureUse(seconds, end - 10, end).used >= share) return end - stepS;
  }
  return null;
}
