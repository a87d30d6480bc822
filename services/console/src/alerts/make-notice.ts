/* What is posted to the webhook: one notice for all that began and ended at the same time, so that a fleet that is held at once is one. */
import type { Problem, ProblemKind } from './find-problems.ts';

export interface Change extends Problem {
  readonly phase: 'begun' | 'ended';
}

export interface Notice {
  /** For people; chat services show it. */
  readonly text: string;
  readonly alerts: readonly {
    readonly phase: Change['phase'];
    readonly kind: string;
    readonly connection: string | null;
    readonly tenant: string | null;
    readonly text: string;
  }[];
}

/** Named in a notice; of more only their number. */
const NAMED_MAX = 20;

const SUBJECTS: Readonly<Record<ProblemKind, (whose: string) => string>> = {
  held: (id) => `connection ${id} is held`,
  oldest: (id) => `connection ${id}: activities wait too long`,
  'dead-letters': (id) => `connection ${id}: dead letters grow`,
  credential: (name) => `tenant ${name}: the credential ends`,
};

export function makeNotice(changes: readonly Change[]): Notice {
  const named = changes.slice(0, NAMED_MAX);
  const more = changes.length - named.length;
  const lines = named.map(({ phase, key, text }) =>
    phase === 'begun' ? `Sluice: ${subjectOf(key)}. ${text}` : `Sluice: over: ${subjectOf(key)}.`,
  );
  return {
    text: [...lines, ...(more > 0 ? [`Sluice: and ${more} more.`] : [])].join('\n'),
    alerts: named.map(({ phase, key, text }) => {
      const [kind, whose] = partsOf(key);
      const tenants = kind === 'credential';
      return { phase, kind, connection: tenants ? null : whose, tenant: tenants ? whose : null, text };
    }),
  };
}

function subjectOf(key: string): string {
  const [kind, whose] = partsOf(key);
  // A newer console may have begun what this one ends.
  return kind in SUBJECTS ? SUBJECTS[kind as ProblemKind](whose) : `${kind} ${whose}`;
}

function partsOf(key: string): readonly [kind: string, whose: string] {
  const [kind = '', whose = ''] = key.split('/', 2);
  return [kind, whose];
}
