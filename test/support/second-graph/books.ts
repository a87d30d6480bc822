/* The judge's books: what was acknowledged against what the second Graph applied, and which repetitions its own journal explains. */
import type { Sent } from '../producer.ts';
import type { JournalLine } from './serve.ts';

export interface Books {
  /** Acknowledged, and never applied. */
  readonly missing: readonly string[];
  /** Applied, and sent by nobody. */
  readonly invented: readonly string[];
  readonly repetitions: number;
  /** Applied once more though an earlier call that applied them had said so: the activity, and how its calls were answered. */
  readonly unexplained: readonly string[];
  /** The client-request-ids of calls that left the caller in doubt about an activity that they applied. */
  readonly doubtfulCalls: ReadonlySet<string>;
}

export const keyOf = ({ connection, item, type, startDateTime, performer }: Sent) =>
  [connection, item, type, startDateTime, performer].join(' ');

export function keysOfCall({ connection, item, activities }: JournalLine): readonly string[] {
  return activities.map(({ type, startDateTime, performedBy }) =>
    keyOf({ connection, item, type, startDateTime, performer: performedBy.id }),
  );
}

export function balanceBooks(journal: readonly JournalLine[], acknowledged: readonly Sent[]): Books {
  const applications = new Map<string, { readonly said: boolean; readonly kind: string }[]>();
  const doubtfulCalls = new Set<string>();
  for (const line of journal) {
    keysOfCall(line).forEach((key, n) => {
      if (line.applied[n] !== true) return;
      const said = line.said[n] === true;
      applications.set(key, [...(applications.get(key) ?? []), { said, kind: line.kind }]);
      if (!said) doubtfulCalls.add(line.clientRequestId);
    });
  }
  const sent = new Set(acknowledged.map(keyOf));
  const applied = [...applications];
  return {
    missing: [...sent].filter((key) => !applications.has(key)),
    invented: applied.filter(([key]) => !sent.has(key)).map(([key]) => key),
    repetitions: applied.reduce((sum, [, times]) => sum + times.length - 1, 0),
    // Who was told of an application has no reason to send again: only the last one may have been told.
    unexplained: applied
      .filter(([, times]) => times.slice(0, -1).some(({ said }) => said))
      .map(([key, times]) => `${key}: ${times.map(({ kind }) => kind).join(', ')}`),
    doubtfulCalls,
  };
}

/** Calls that carried an activity which an earlier call had carried, by their place in the journal. */
export function repeatedCalls(journal: readonly JournalLine[]): readonly boolean[] {
  const carried = new Set<string>();
  return journal.map((line) => {
    const keys = keysOfCall(line);
    const repeated = keys.some((key) => carried.has(key));
    for (const key of keys) carried.add(key);
    return repeated;
  });
}
