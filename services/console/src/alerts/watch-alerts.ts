/*
  Tells a webhook when a state that needs a person begins and when it ends. Every console looks; the store says which of them
  tells. While Redis is away nothing is known, so nothing begins or ends.
*/
import type { ActivityStore, ConnectionView } from '@sluice/core';
import type { FleetWatch } from '../live/watch-fleet.ts';
import { findProblems, type Problems } from './find-problems.ts';
import { type Change, makeNotice, type Notice } from './make-notice.ts';

export interface AlertParts {
  readonly fleet: Pick<FleetWatch, 'latest' | 'awaySinceMs'>;
  readonly store: Pick<ActivityStore, 'sightAlert' | 'alertTold' | 'alertKeys' | 'recentEnds' | 'fleetNotes'>;
  readonly tenants: readonly string[];
  readonly ageMs: number;
  readonly wordsOf: (view: ConnectionView) => string;
  /** Rejects when nobody took it. */
  readonly tell: (notice: Notice) => Promise<void>;
  readonly onError: (error: unknown) => void;
}

const LOOK_EVERY_MS = 5000;
/** Longer than a notice may take with all its tries. */
const TELL_MS = 60_000;

export function watchAlerts(parts: AlertParts): { stop(): void } {
  let looking = false;
  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    await lookOnce(parts).catch(parts.onError);
    looking = false;
  }
  const timer = setInterval(() => void look(), LOOK_EVERY_MS);
  return { stop: () => clearInterval(timer) };
}

export async function lookOnce(parts: AlertParts): Promise<void> {
  const { fleet, store } = parts;
  const reading = fleet.latest();
  if (reading === null || fleet.awaySinceMs() !== null) return;
  const { credentialExpiryMs, nowMs } = await store.fleetNotes();
  const problems = await findProblems(
    {
      nowMs,
      views: reading.views,
      complete: reading.views.length >= reading.total,
      credentialExpiryMs: new Map([...credentialExpiryMs].filter(([tenant]) => parts.tenants.includes(tenant))),
    },
    { ageMs: parts.ageMs, wordsOf: parts.wordsOf, recentEnds: store.recentEnds },
  );
  const changes = await changesOf(problems, store);
  if (changes.length === 0) return;
  await parts.tell(makeNotice(changes));
  for (const { key } of changes) await store.alertTold(key);
}

/** Those that this console is to tell. */
async function changesOf(
  { present, isUnknown }: Problems,
  store: Pick<ActivityStore, 'sightAlert' | 'alertKeys'>,
): Promise<readonly Change[]> {
  const now = new Map(present.map((problem) => [problem.key, problem]));
  const keys = new Set([...now.keys(), ...(await store.alertKeys())]);
  const changes: Change[] = [];
  for (const key of keys) {
    const problem = now.get(key);
    if (problem === undefined && isUnknown(key)) continue;
    const said = await store.sightAlert({ key, present: problem !== undefined, tellMs: TELL_MS });
    if (said !== 'none') changes.push({ key, text: problem?.text ?? '', phase: said === 'begin' ? 'begun' : 'ended' });
  }
  return changes;
}
