/* Finds what somebody probably meant: for enum values, member names and names of settings. */

const WORD_MAX = 64;

/** The candidate that `word` is a slip of (letter case, a letter too many, missing, wrong, or two swapped); null: none is near. */
export function didYouMean(word: string, candidates: readonly string[]): string | null {
  if (word.length > WORD_MAX) return null;
  const typed = word.trim().toLowerCase();
  let best: string | null = null;
  let bestSlips = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const meant = candidate.toLowerCase();
    const allowed = Math.min(2, Math.floor(meant.length / 3));
    if (Math.abs(meant.length - typed.length) > allowed) continue;
    const slips = countSlips(typed, meant);
    if (slips <= allowed && slips < bestSlips) {
      best = candidate;
      bestSlips = slips;
    }
  }
  return best;
}

/** The sentence to append to a message, or nothing. */
export function suggest(word: string, candidates: readonly string[]): string {
  const meant = didYouMean(word, candidates);
  return meant === null ? '' : ` Did you mean "${meant}"?`;
}

/** Optimal string alignment distance: Levenshtein's, with a swap of neighbours as one slip. */
function countSlips(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let slips = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        slips = Math.min(slips, beforeLast[j - 2]! + 1);
      row.push(slips);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length]!;
}
