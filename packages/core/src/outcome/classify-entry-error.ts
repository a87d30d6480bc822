/*
  outcome: which row of the table the error of one result belongs to. Graph: "loop through all the error codes available and
  use the most detailed one", so the deepest known code decides; case does not matter, messages are never looked at.
*/
import { ANSWER_ROWS, ANSWERS, type Answer } from './answers.ts';
import type { GraphErrorLevel } from './read-graph-error.ts';

/** What the operator decided about codes, case-insensitively; beats the table. */
export type OutcomeOverrides = Readonly<Record<string, 'retry' | 'dead' | 'hold'>>;

export interface ClassifiedEntryError {
  readonly row: Answer;
  /** The level that decided; null: the error has no level that could be read. */
  readonly level: GraphErrorLevel | null;
}

const BY_CODE = new Map<string, Answer>();
const BY_PREFIX: (readonly [prefix: string, row: Answer])[] = [];
for (const row of ANSWER_ROWS) {
  for (const code of row.entryCodes) {
    if (code.endsWith('*')) BY_PREFIX.push([code.slice(0, -1), row]);
    else BY_CODE.set(code, row);
  }
}
const OVERRIDDEN = {
  retry: ANSWERS.entryTransient,
  dead: ANSWERS.entryRejected,
  hold: ANSWERS.entryHeld,
} as const;

export function classifyEntryError(
  levels: readonly GraphErrorLevel[],
  overrides: OutcomeOverrides | null,
): ClassifiedEntryError {
  const deepestFirst = levels.toReversed();
  for (const rowOf of overrides === null ? [rowOfCode] : [overriddenRow(overrides), rowOfCode]) {
    for (const level of deepestFirst) {
      const row = rowOf(level.code.toLowerCase());
      if (row !== null) return { row, level };
    }
  }
  return { row: ANSWERS.entryOther, level: deepestFirst.find(({ code }) => code !== '') ?? levels[0] ?? null };
}

function rowOfCode(code: string): Answer | null {
  return BY_CODE.get(code) ?? BY_PREFIX.find(([prefix]) => code.startsWith(prefix))?.[1] ?? null;
}

function overriddenRow(overrides: OutcomeOverrides): (code: string) => Answer | null {
  return (code) => {
    const match = Object.entries(overrides).find(([known]) => known.toLowerCase() === code);
    return match === undefined ? null : OVERRIDDEN[match[1]];
  };
}
