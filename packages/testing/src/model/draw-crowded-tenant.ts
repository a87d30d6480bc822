/*
  Too rare to be met by chance: two connections of one tenant with much to send are refused together, and then wait in turns for
  calls of a bucket that is slower than their own.
*/
import { makeCall, makeEntries, makePiece, makeRequeue } from '../builders.ts';
import type { ModelSettings, Operation } from './operations.ts';
import type { Random } from './random.ts';

const CROWD = ['hr', 'tickets'] as const;
const TAKES = 24;

export interface CrowdedTenant {
  readonly random: Random;
  readonly settings: ModelSettings;
  readonly nextSequence: () => number;
  readonly leaseIdOf: (nth: number) => string;
}

export function drawCrowdedTenant({ random, settings, nextSequence, leaseIdOf }: CrowdedTenant): readonly Operation[] {
  const { entriesMax, lingerMs } = settings.take;
  let takes = 0;
  const append = (connectionId: string): Operation => {
    const groups = [{ itemId: 'crowd', entries: makeEntries(entriesMax * 8, { type: 'created' }) }];
    const sizes = { ...settings.append, entriesMax, lingerMs };
    return { op: 'append', piece: makePiece({ ...sizes, connectionId, sequence: nextSequence(), groups }) };
  };
  const take = (connectionId: string): Operation => {
    takes += 1;
    return { op: 'take', connectionId, leaseId: leaseIdOf(takes), resend: null };
  };
  // Of the newest lease, if the take before made one.
  const settle = (refused: boolean): Operation => ({
    op: 'settle',
    lease: 0.999,
    again: false,
    verdicts: Array.from({ length: entriesMax }, () => makeRequeue({ counted: false })),
    call: refused ? makeCall({ quota: 'refused', closeMs: 300, failed: null }) : makeCall(),
  });
  const learning = { memory: 'crowd', intervalUs: random.oneOf([60_000, 150_000]) };
  const learn: Operation = {
    op: 'learn',
    connectionId: CROWD[0],
    ofTenant: true,
    versionsBehind: 0,
    closeMs: 0,
    learning,
    learnInMs: 10_000,
  };
  const refused = CROWD.flatMap((connectionId) => [take(connectionId), settle(true)]);
  const turns = Array.from({ length: TAKES }, () => [
    take(random.oneOf(CROWD)),
    ...(random.chance(0.3) ? [settle(false)] : []),
    ...(random.chance(0.6) ? [{ op: 'advance', ms: random.oneOf([20, 55, 110, 240]) } as const] : []),
  ]);
  return [...CROWD.map(append), ...refused, { op: 'advance', ms: 300 }, learn, ...turns.flat()];
}
