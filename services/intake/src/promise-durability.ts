/* What a 202 may say about durability, and whether that is enough. */
import { type Config, DURABILITIES, type Durability } from '@sluice/config';

/** Weakest first. */
const LEVELS: readonly string[] = DURABILITIES;

/** `header` goes into Sluice-Durability. */
export interface DurabilityPromise {
  readonly kept: boolean;
  readonly header: string;
}

export interface DurabilityRules {
  readonly least: Durability;
  readonly assumed: Durability | null;
}

export function durabilityRules({ durability, durabilityAssume }: Config): DurabilityRules {
  return { least: durability, assumed: durabilityAssume };
}

/** `read` is what the store said; an operator's word counts only where the store could not say anything. */
export function promiseDurability(read: string, rules: DurabilityRules): DurabilityPromise {
  const assumed = read === 'unknown' && rules.assumed !== null;
  const level = assumed ? rules.assumed : read;
  return { kept: LEVELS.indexOf(level) >= LEVELS.indexOf(rules.least), header: assumed ? `${level}; assumed` : level };
}
