/*
  The state of a connection in words: what it does or waits for, whether somebody must act, and what is to be done. One place
  for the API, the command line and the page. A sentence names a time only relative to the `nowMs` it is given.
*/
import type { ShownConnection } from './shown.ts';

/** stuck: nothing moves until somebody acts. behind: it moves, but not enough, or an operator stopped it. */
export type Urgency = 'stuck' | 'behind' | 'waiting' | 'flowing' | 'idle';

export interface StateWords {
  readonly urgency: Urgency;
  readonly text: string;
  /** What an operator does about it; null: nothing. */
  readonly remedy: string | null;
  /** Since when it is so, milliseconds since 1970; null: not known, or it does not matter. */
  readonly sinceMs: number | null;
}

/** Nobody has looked at what has waited for so long: no worker runs, or none gets through to Redis. */
const UNTAKEN_MS_MIN = 20_000;
/** With calls in flight it takes longer to be sure: one may take its time. */
const DEAD_CALLS_MS_MIN = 60_000;
/** Calls a second that would show within the window of the rates. */
const QUOTA_SEEN_MIN = 0.1;
/** More comes than goes: worth a word only when somebody has waited for so long. */
const BEHIND_MS_MIN = 60_000;
const HARDLY_SECONDS = 3600;
const HARDLY_SHARE = 0.9;
/** Refused in this time: the quota is what limits. */
const CLOSED_LATELY_MS = 30_000;

export const UNTAKEN = 'no worker takes it';

const IDLE: StateWords = { urgency: 'idle', text: 'idle: nothing is waiting', remedy: null, sinceMs: null };

export const URGENCIES: readonly Urgency[] = ['stuck', 'behind', 'waiting', 'flowing', 'idle'];

/** Workers try a hold once a minute (core: plan-call.ts); the button on the page and `sluice resume` try at once. */
const AGAIN = 'It is tried again by itself every minute; releasing the hold tries at once.';

/** By the code a hold's reason begins with. */
const HOLD_WORDS: Readonly<Record<string, readonly [text: string, remedy: string]>> = {
  credential: [
    'held: the identity provider refuses the credential',
    `Put a new client secret or certificate where the workers have it from. A file (GRAPH_CLIENT_SECRET_FILE, a certificate) is read again by itself; a variable needs the workers to be started again. ${AGAIN}`,
  ],
  unauthorized: [
    'held: Graph refuses the token (401)',
    `Check tenant, client and cloud in the workers’ configuration (npx sluice doctor looks at them). ${AGAIN}`,
  ],
  forbidden: [
    'held: a permission is missing (403)',
    `Grant the application ExternalItem.ReadWrite.OwnedBy (.All for connections of others) with admin consent. ${AGAIN}`,
  ],
  payment_required: ['held: licence or billing (402)', `Mend the tenant's licence or billing. ${AGAIN}`],
  connection_not_found: [
    'held: Graph does not know this connection',
    `Create the connection in Graph, or let its senders use the right name and forget this one. Until then the intake answers them 404. ${AGAIN}`,
  ],
  storage_full: ["held: the tenant's storage quota is used up", `Free or buy storage. ${AGAIN}`],
  redirected: [
    'held: Graph’s address redirects',
    `Correct GRAPH_BASE_URL of the workers and start them again. ${AGAIN}`,
  ],
  outcome_hold: ['held: a code that the configuration holds for', `See what Graph said and mend it. ${AGAIN}`],
  'dead letters full': [
    'held: the dead letters are full',
    'Replay or discard dead letters; the hold then ends by itself.',
  ],
};

/** workers: how many there are; null: not known. */
export function stateWords(connection: ShownConnection, nowMs: number, workers: number | null = null): StateWords {
  const { state, reason, pending, quota } = connection;
  const sinceMs = timeOf(connection.blockedSince);
  switch (state) {
    case 'paused':
      return {
        urgency: pending > 0 ? 'behind' : 'waiting',
        text: 'paused by an operator',
        remedy: pending > 0 ? 'Resume lets it go on.' : null,
        sinceMs,
      };
    case 'held':
      return { urgency: 'stuck', ...holdWords(reason), sinceMs };
    case 'breaker':
      return {
        urgency: 'stuck',
        // The reason goes on with what the last call said, which is shown beside the words.
        text: `breaker open: ${reason?.split(';')[0] ?? 'calls failed one after another'}`,
        remedy:
          'Graph cannot be reached or fails. It is tried every few seconds and goes on by itself; resuming tries at once.',
        sinceMs,
      };
    case 'closed': {
      const untilMs = timeOf(quota?.closedUntil ?? null) ?? nowMs;
      if (untilMs <= nowMs) return flowingWords(connection, nowMs, workers);
      return {
        urgency: 'waiting',
        text: `waiting for Graph: closed ${forSeconds(untilMs - nowMs)} more`,
        remedy: null,
        sinceMs: null,
      };
    }
    case 'flowing':
      return flowingWords(connection, nowMs, workers);
    case 'idle':
      return IDLE;
    default:
      return state satisfies never;
  }
}

function holdWords(reason: string | null): { readonly text: string; readonly remedy: string } {
  const code = Object.keys(HOLD_WORDS).find((known) => reason?.startsWith(known) === true);
  if (code === undefined)
    return { text: `held: ${reason ?? 'the cause is not known'}`, remedy: `Mend what the reason says. ${AGAIN}` };
  const [text, remedy] = HOLD_WORDS[code]!;
  return { text, remedy };
}

function flowingWords(connection: ShownConnection, nowMs: number, workers: number | null): StateWords {
  if (connection.pending === 0) return IDLE;
  const { pending, delayed, callsInFlight, rates, timeToDrainSeconds } = connection;
  const oldestMs = timeOf(connection.oldestPendingAt);
  const waitedMs = oldestMs === null ? 0 : nowMs - oldestMs;
  if (delayed > 0 && delayed === pending && callsInFlight === 0) {
    const text = `${count(delayed)} waiting for ${delayed === 1 ? 'its' : 'their'} next try`;
    return { urgency: 'waiting', text, remedy: null, sinceMs: null };
  }
  if (isUntaken(connection, waitedMs, workers)) {
    const lastCallMs = timeOf(connection.lastCallSeenAt);
    // What was accepted after the last call waits since then, and not since that call.
    const sinceMs = lastCallMs === null || oldestMs === null ? null : Math.max(lastCallMs, oldestMs);
    return {
      urgency: 'stuck',
      text: UNTAKEN,
      remedy: 'Start a worker (npx sluice worker), or see in its log why it does not reach Redis.',
      sinceMs,
    };
  }
  if (rates !== null && waitedMs > BEHIND_MS_MIN && isHardlyDrained(rates, timeToDrainSeconds)) {
    return { ...behindWords(connection, nowMs), urgency: 'behind', sinceMs: null };
  }
  return { urgency: 'flowing', text: 'flowing', remedy: null, sinceMs: null };
}

/** Never, or only because a little less comes than goes: within what rates vary by, which would change the words each second. */
function isHardlyDrained(
  { appendedPerSecond, deliveredPerSecond }: NonNullable<ShownConnection['rates']>,
  timeToDrainSeconds: number | null,
): boolean {
  if (timeToDrainSeconds === null) return true;
  return timeToDrainSeconds > HARDLY_SECONDS && appendedPerSecond > HARDLY_SHARE * deliveredPerSecond;
}

/**
 * No call began within the window of the rates, and one could have. Calls in flight are then those of workers that died: a
 * lease ends only when another worker reclaims it.
 */
function isUntaken(
  { rates, quota, callsInFlight, callsInFlightMax }: ShownConnection,
  waitedMs: number,
  workers: number | null,
): boolean {
  if (rates === null || rates.callsPerSecond > 0) return false;
  // A worker of an older version does not say that it is there, but it calls.
  if (workers === 0) return true;
  if (callsInFlight === 0) return waitedMs > UNTAKEN_MS_MIN;
  const mayCall = callsInFlight < callsInFlightMax && (quota === null || quota.callsPerSecond >= QUOTA_SEEN_MIN);
  return mayCall && waitedMs > DEAD_CALLS_MS_MIN;
}

/** More comes than goes. Whether workers would help depends on whether a limit binds. */
function behindWords(
  { rates, quota, tenantCallsPerSecond }: ShownConnection,
  nowMs: number,
): { readonly text: string; readonly remedy: string } {
  if (tenantCallsPerSecond !== null) {
    return {
      text: 'behind: more comes in than the limit of its tenant lets out',
      remedy:
        'More workers do not help: all connections of the tenant share the limit. Send less, or ask Microsoft for more.',
    };
  }
  const closedMs = timeOf(quota?.lastClosedUntil ?? null);
  const closedLately = closedMs !== null && nowMs - closedMs < CLOSED_LATELY_MS;
  const usesUp = quota !== null && (rates?.callsPerSecond ?? 0) > 0.8 * quota.callsPerSecond;
  return closedLately || usesUp
    ? {
        text: 'behind: more comes in than Graph’s quota lets out',
        remedy: 'More workers do not help: the quota is used up. Send less, or ask Microsoft for a higher limit.',
      }
    : { text: 'behind: more comes in than goes out', remedy: 'The quota is not used up: another worker may help.' };
}

function timeOf(instant: string | null): number | null {
  return instant === null ? null : Date.parse(instant);
}

export function count(n: number): string {
  return n.toLocaleString('en-US');
}

/** A stretch of time in one unit, two where the smaller one matters. */
export function forSeconds(ms: number): string {
  const s = Math.ceil(ms / 1000);
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min${s < 600 && s % 60 > 0 ? ` ${s % 60} s` : ''}`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} days`;
}
