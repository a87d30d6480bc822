/*
  Decides what becomes of a call whose token was good: answered with what, after how long, and which of its entries are
  appended. The order is: ids, script, quota, body, unknown connection or item, faults. So a scripted answer costs no quota,
  a call with a bad body does, and a call that is refused by the quota is not looked into.
*/
import type { ScriptedAnswer, Shares } from '../behavior/behavior.ts';
import type { ConnectionRules } from '../behavior/behavior-in-force.ts';
import type { ConnectionGate } from '../limits/connection-gate.ts';
import { pickFailing, type Random, shuffledPositions } from '../random.ts';
import type { GraphCall } from './call.ts';
import { type ActivitiesVerdict, checkActivities, type SentActivity } from './check-activities.ts';
import { drawLatency } from './draw-latency.ts';
import { type Refusal, usualRefusal } from './graph-error.ts';
import { connectionIdProblem, itemIdProblem } from './ids.ts';
import { formatResults } from './result-body.ts';
import { type Shaped, shapeResults } from './shape-results.ts';

/** What the caller will see. */
export type PlannedReply =
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'throttled'; readonly retryAfter: string; readonly waitMs: number }
  | {
      readonly kind: 'sent';
      readonly status: number;
      readonly body: string;
      readonly headers: Readonly<Record<string, string>>;
    }
  | { readonly kind: 'reset' }
  | { readonly kind: 'lost' };

export interface CallPlan {
  readonly reply: PlannedReply;
  readonly delayMs: number;
  readonly activities: readonly SentActivity[];
  /** Positions of what is appended. */
  readonly appended: readonly number[];
  /** Positions of which the answer tells nothing. */
  readonly untold: readonly number[];
  /** Appended before the delay, not after it. */
  readonly appendedFirst: boolean;
  /** The gate to leave when the call ends; null when it was not taken. */
  readonly gate: ConnectionGate | null;
}

export interface CallInput {
  readonly call: GraphCall;
  readonly tenant: string;
  readonly body: Buffer | 'too-large';
  readonly rules: ConnectionRules;
  readonly gateOf: (tenant: string, connection: string) => ConnectionGate;
  /** Asks the tenant's own limit, when the connection's let the call in; answers the milliseconds to wait, 0 = taken. */
  readonly enterTenant: (tenant: string, nowMs: number) => number;
  readonly isItemThere: (item: string, afterMs: number, nowMs: number) => boolean;
  readonly random: Random;
}

export function planCall(input: CallInput): CallPlan {
  const { call, rules, random } = input;
  const { behavior, script } = rules;
  const delayMs = drawLatency(behavior.latencyMs, random);
  const idProblem = connectionIdProblem(call.connection) ?? itemIdProblem(call.item);
  if (idProblem !== null) return refuse({ status: 400, code: 'invalidRequest', text: idProblem }, delayMs);

  let verdict: ActivitiesVerdict | null = null;
  if (!script.isEmpty()) {
    verdict = checkActivities(call, input.body);
    if ('activities' in verdict) return planScripted(input, script.takeNext()!, verdict.activities, delayMs);
  }
  const gate = input.gateOf(input.tenant, call.connection);
  const waitMs = enterBoth(input, gate);
  if (waitMs > 0) {
    return nothingAppended({ kind: 'throttled', retryAfter: behavior.retryAfter, waitMs }, delayMs, null);
  }
  verdict ??= checkActivities(call, input.body);
  const refusal = 'refusal' in verdict ? verdict.refusal : missing(input);
  if (refusal !== null) return refuse(refusal, delayMs, gate);
  return { ...planTaken(input, (verdict as { activities: readonly SentActivity[] }).activities), delayMs, gate };
}

/** A call that its connection refuses does not reach the tenant's limit; one that the tenant refuses has counted at its connection. */
function enterBoth({ call, tenant, rules, enterTenant }: CallInput, gate: ConnectionGate): number {
  const waitMs = gate.enter(rules.behavior, call.arrivedMs);
  if (waitMs > 0) return waitMs;
  const tenantWaitMs = enterTenant(tenant, call.arrivedMs);
  if (tenantWaitMs > 0) gate.leave();
  return tenantWaitMs;
}

/** The codes are invented, as Graph documents none; they differ so that a test can tell the two apart. */
function missing({ call, tenant, rules, isItemThere }: CallInput): Refusal | null {
  if (rules.connectionUnknown) {
    const text = `The external connection '${call.connection}' does not exist.`;
    return { status: 404, code: 'connectionNotFound', text };
  }
  const key = `${tenant}/${call.connection}/${call.item}`;
  const there =
    !rules.unknownItems.has(call.item) && isItemThere(key, rules.behavior.itemsAppearAfterMs, call.arrivedMs);
  return there ? null : { status: 404, code: 'itemNotFound', text: `The external item '${call.item}' does not exist.` };
}

type Ending = Pick<CallPlan, 'reply' | 'activities' | 'appended' | 'untold' | 'appendedFirst'>;

function planTaken(input: CallInput, activities: readonly SentActivity[]): Ending {
  const { behavior } = input.rules;
  const fault = drawFault(behavior.shares, input.random);
  const ending = { activities, appended: NONE, untold: NONE, appendedFirst: false };
  switch (fault) {
    case '500':
    case '502':
    case '503':
    case '504':
      return { ...ending, reply: { kind: 'refused', refusal: usualRefusal(Number(fault)) } };
    case 'reset':
      return { ...ending, reply: { kind: 'reset' } };
    case 'lost':
      return { ...ending, appended: positionsOf(activities), reply: { kind: 'lost' } };
    case 'garbled':
      return { ...ending, appended: positionsOf(activities), untold: positionsOf(activities), reply: GARBLED };
    case '207':
      return { ...ending, ...resultOf(input, activities, 207) };
    case null:
      return { ...ending, ...resultOf(input, activities, 200) };
    default:
      return fault satisfies never;
  }
}

/** Graph's own answer to a taken call: 207 when some entries fail. `applied`: which ones do not, where that is decided already. */
function resultOf(
  input: CallInput,
  activities: readonly SentActivity[],
  status: number,
  applied: readonly number[] | null = null,
) {
  const { behavior } = input.rules;
  const positions = positionsOf(activities);
  let failing = NO_FAILING;
  if (status === 207) {
    failing =
      applied === null
        ? pickFailing(activities.length, input.random)
        : new Set(positions.filter((position) => !applied.includes(position)));
  }
  const order = behavior.resultOrder === 'same' ? positions : shuffledPositions(activities.length, input.random);
  const { resultShape: shape, entryError } = behavior;
  const { results, untold } = shape === 'whole' ? wholeOf(order) : shapeResults(shape, order, input.random);
  const { version } = input.call;
  const body = formatResults({ version, activities, failing, entryError, shape, results });
  const reply: PlannedReply = { kind: 'sent', status, body, headers: {} };
  const appended = failing.size === 0 ? positions : positions.filter((position) => !failing.has(position));
  return { reply, appended, untold };
}

function planScripted(
  input: CallInput,
  answer: ScriptedAnswer,
  activities: readonly SentActivity[],
  latencyMs: number,
): CallPlan {
  const { status, body, headers = {}, apply, delayMs } = answer;
  const succeeds = typeof status === 'number' && status < 300;
  let reply: PlannedReply;
  let appended = succeeds || status === 'lost' ? positionsOf(activities) : NONE;
  let untold = NONE;
  if (typeof status === 'string') reply = ENDINGS[status];
  else if (body !== undefined) reply = { kind: 'sent', status, ...scriptedBody(body, headers) };
  else if (succeeds) {
    const result = resultOf(input, activities, status, Array.isArray(apply) ? apply : null);
    ({ appended, untold } = result);
    reply = { ...result.reply, headers } as PlannedReply;
  } else reply = { kind: 'refused', refusal: { ...usualRefusal(status), headers } };
  if (apply !== undefined) appended = chosen(apply, activities);
  return {
    reply,
    activities,
    appended,
    untold,
    appendedFirst: delayMs !== undefined,
    delayMs: delayMs ?? latencyMs,
    gate: null,
  };
}

function scriptedBody(body: unknown, headers: Readonly<Record<string, string>>) {
  if (body === null) return { body: '', headers };
  // Text is what a proxy in between would send; anything else is JSON like Graph's.
  if (typeof body === 'string') return { body, headers: { 'Content-Type': 'text/html', ...headers } };
  return { body: JSON.stringify(body), headers };
}

function chosen(apply: boolean | readonly number[], activities: readonly SentActivity[]): readonly number[] {
  const positions = positionsOf(activities);
  if (typeof apply === 'boolean') return apply ? positions : NONE;
  return positions.filter((position) => apply.includes(position));
}

function refuse(refusal: Refusal, delayMs: number, gate: ConnectionGate | null = null): CallPlan {
  return nothingAppended({ kind: 'refused', refusal }, delayMs, gate);
}

export function nothingAppended(reply: PlannedReply, delayMs: number, gate: ConnectionGate | null): CallPlan {
  return { reply, delayMs, gate, activities: NO_ACTIVITIES, appended: NONE, untold: NONE, appendedFirst: false };
}

const ENDINGS = { reset: { kind: 'reset' }, lost: { kind: 'lost' } } as const;
const NONE: readonly number[] = [];
const NO_ACTIVITIES: readonly SentActivity[] = [];
const NO_FAILING: ReadonlySet<number> = new Set();
const POSITIONS: readonly (readonly number[])[] = Array.from({ length: 21 }, (_, length) =>
  Array.from({ length }, (_, i) => i),
);

function positionsOf(activities: readonly SentActivity[]): readonly number[] {
  return POSITIONS[activities.length]!;
}

function wholeOf(order: readonly number[]): Shaped {
  return { results: order.map((position) => ({ kind: 'of', position })), untold: NONE };
}

/** What a proxy leaves of an answer when it gives up in the middle. */
const GARBLED: PlannedReply = { kind: 'sent', status: 200, body: '{"value":[{"type":"view', headers: {} };
const FAULTS = [
  '500',
  '503',
  '207',
  'reset',
  'lost',
  '502',
  '504',
  'garbled',
] as const satisfies readonly (keyof Shares)[];

function drawFault(shares: Shares, random: Random): keyof Shares | null {
  let left = random();
  for (const fault of FAULTS) {
    left -= shares[fault];
    if (left < 0) return fault;
  }
  return null;
}
