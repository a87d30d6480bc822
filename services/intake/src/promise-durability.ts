/* What a 202 may say about durability, and whether that is enough. */
import { DURABILITIES, type Durability } from '@sluice/config';

/** Every level there is, weakest first. */
const LEVELS: readonly string[] = [...DURABILITIES, 'replicated'];

/** `header` goes into Sluice-Durability. */
export interface DurabilityPromise {
  readonly kept: boolean;
  readonly header: string;
}

/** `read` is what the store said; an operator's word counts only where the store could not say anything. */
export function promiseDurability(
  read: string,
  rules: { readonly least: Durability; readonly assumed: Durability | null },
): DurabilityPromise {
  const assumed = read === 'unknown' && rules.assumed !== null;
  const level = assumed ? rules.assumed : read;
  return { kept: LEVELS.indexOf(level) >= LEVELS.indexOf(rules.least), header: assumed ? `${level}; assumed` : level };
}
