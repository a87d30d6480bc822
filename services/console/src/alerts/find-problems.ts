/* The states that need a person, of all that can be seen at one moment. Each has a key that is the same in every console. */
import type { ActivityStore, ConnectionView } from '@sluice/core';

export type ProblemKind = 'held' | 'oldest' | 'dead-letters' | 'credential';

export interface Problem {
  readonly key: string;
  /** Why, and what is to be done. */
  readonly text: string;
}

export interface Problems {
  readonly present: readonly Problem[];
  /** Of these connections nothing is known now, so that nothing of them has ended. */
  readonly isUnknown: (key: string) => boolean;
}

export interface Seen {
  readonly nowMs: number;
  readonly views: readonly ConnectionView[];
  /** Views are of all there are. */
  readonly complete: boolean;
  /** Of the tenants of the configuration. */
  readonly credentialExpiryMs: ReadonlyMap<string, number>;
}

export interface ProblemRules {
  readonly ageMs: number;
  readonly recentEnds: ActivityStore['recentEnds'];
  /** The state of a connection in words, and what to do. */
  readonly wordsOf: (view: ConnectionView) => string;
}

/** As in the rules for Prometheus: more than ten within a quarter of an hour; two weeks. */
const ENDS_MAX = 10;
const ENDS_WITHIN_MS = 900_000;
const CREDENTIAL_MS = 14 * 86_400_000;
const DAY_MS = 86_400_000;

export const keyOf = (kind: ProblemKind, whose: string) => `${kind}/${whose}`;

export async function findProblems(seen: Seen, rules: ProblemRules): Promise<Problems> {
  const { nowMs, views, complete } = seen;
  const growing = await Promise.all(views.map((view) => endsLately(view, nowMs, rules)));
  const present = [
    ...views.flatMap((view, n) => problemsOf(view, growing[n]!, rules)),
    ...[...seen.credentialExpiryMs].flatMap(([tenant, ms]) => credentialProblem(tenant, ms - nowMs)),
  ];
  const known = new Set(views.map(({ connectionId }) => connectionId));
  return {
    present,
    isUnknown: (key) => {
      const [kind, whose = ''] = key.split('/', 2);
      return kind !== 'credential' && !complete && !known.has(whose);
    },
  };
}

/** What ended lately and is still there; a connection without any is not asked about. */
async function endsLately(
  { connectionId, deadLetters, parkedEntries }: ConnectionView,
  nowMs: number,
  rules: ProblemRules,
) {
  if (deadLetters + parkedEntries <= ENDS_MAX) return 0;
  return rules.recentEnds({ connectionId, sinceMs: nowMs - ENDS_WITHIN_MS, most: ENDS_MAX + 1 });
}

function problemsOf(view: ConnectionView, ends: number, { ageMs, wordsOf }: ProblemRules): readonly Problem[] {
  const { connectionId, nowMs, state, oldestAcceptedMs } = view;
  const problem = (kind: ProblemKind, text: string) => [{ key: keyOf(kind, connectionId), text }];
  const waitedMs = oldestAcceptedMs === null ? 0 : nowMs - oldestAcceptedMs;
  return [
    ...(state === 'held' ? problem('held', wordsOf(view)) : []),
    ...(waitedMs > ageMs
      ? problem('oldest', `The oldest activity has waited for ${inWords(waitedMs)}. State: ${wordsOf(view)}`)
      : []),
    ...(ends > ENDS_MAX
      ? problem(
          'dead-letters',
          `More than ${ENDS_MAX} activities became dead letters or were parked within 15 minutes. See why: npx sluice dead list ${connectionId}`,
        )
      : []),
  ];
}

function credentialProblem(tenant: string, leftMs: number): readonly Problem[] {
  if (leftMs >= CREDENTIAL_MS) return [];
  const when = leftMs <= 0 ? 'has ended' : `ends in ${inWords(leftMs)}`;
  return [
    {
      key: keyOf('credential', tenant),
      text: `It ${when}. Put a new secret or certificate where the old one is; a file is read anew by itself.`,
    },
  ];
}

function inWords(ms: number): string {
  if (ms < 2 * 60_000) return `${Math.floor(ms / 1000)} s`;
  if (ms < 2 * 3_600_000) return `${Math.floor(ms / 60_000)} min`;
  return ms < 2 * DAY_MS ? `${Math.floor(ms / 3_600_000)} h` : `${Math.floor(ms / DAY_MS)} days`;
}
