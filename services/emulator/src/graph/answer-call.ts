/*
  One call from its arrival to its end: read, decide, wait, append, answer. The order of the last two is the ledger's promise:
  what was answered is in the file. A caller that left during the wait does not stop the appending, as it would not stop
  Graph's; its entries are then written as not answered.
*/
import type { IncomingMessage, ServerResponse } from 'node:http';
import { readBody } from '../http/read-body.ts';
import type { World } from '../world.ts';
import type { GraphCall } from './call.ts';
import { checkToken, ITEM_ROLES } from './check-token.ts';
import { type Refusal, usualRefusal } from './graph-error.ts';
import { type CallPlan, nothingAppended, type PlannedReply, planCall } from './plan-call.ts';
import { sendReply, statusOf } from './send-reply.ts';

export interface ActivitiesPath {
  readonly version: string;
  readonly connection: string;
  readonly item: string;
}

export interface Exchange {
  readonly world: World;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
}

export async function answerCall(exchange: Exchange, path: ActivitiesPath): Promise<void> {
  const { world, request, response } = exchange;
  const body = await readBody(request);
  // A request that never ended was never asked.
  if (body === 'cut-off') return;
  const call = describeCall(exchange, path);
  const token = checkToken(call, {
    readToken: world.readToken,
    claims: world.behavior.token().claims,
    roles: ITEM_ROLES,
  });
  const tenant = 'tenant' in token ? token.tenant : null;
  const plan = 'tenant' in token ? planFor(world, call, token.tenant, body) : refused(token.refusal);
  const scope = { tenant: tenant ?? '', connection: call.connection };
  world.stats.countArrival(scope, call.arrivedMs, plan.reply.kind === 'throttled' || statusOf(plan.reply) === 429);

  let { reply } = plan;
  if (plan.appendedFirst) reply = append({ exchange, call, tenant, plan }) ?? reply;
  if (plan.delayMs > 0) await world.clock.wait(plan.delayMs);
  plan.gate?.leave();
  if (world.isStopped()) return;
  if (!plan.appendedFirst) reply = append({ exchange, call, tenant, plan }) ?? reply;
  sendReply(response, reply, call, world.clock.nowMs());
  note(world, { call, tenant, plan, reply });
}

function describeCall({ world, request }: Exchange, path: ActivitiesPath): GraphCall {
  const { headers } = request;
  const call = world.ledger.nextCall();
  return {
    ...path,
    call,
    arrivedMs: world.clock.nowMs(),
    requestId: requestIdOf(world, call),
    clientRequestId: first(headers['client-request-id'])?.slice(0, CLIENT_REQUEST_ID_MAX) ?? null,
    authorization: headers.authorization ?? null,
    host: headers.host ?? '',
    contentType: headers['content-type'] ?? null,
    contentEncoding: headers['content-encoding'] ?? null,
  };
}

export function requestIdOf(world: World, call: number): string {
  return `${world.requestIdPrefix}${call.toString(16).padStart(12, '0')}`;
}

const CLIENT_REQUEST_ID_MAX = 256;

function first(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0];
}

function planFor(world: World, call: GraphCall, tenant: string, body: Buffer | 'too-large'): CallPlan {
  return planCall({
    call,
    tenant,
    body,
    rules: world.behavior.rulesOf(call.connection),
    gateOf: world.gates.of,
    enterTenant: (id, nowMs) => {
      const limits = world.behavior.limitsOfTenant(id);
      return limits === null ? 0 : world.tenantGates.enter(id, limits, nowMs);
    },
    isItemThere: world.appearances.isThere,
    random: world.behavior.random,
  });
}

function refused(refusal: Refusal): CallPlan {
  return nothingAppended({ kind: 'refused', refusal }, 0, null);
}

interface Appending {
  readonly exchange: Exchange;
  readonly call: GraphCall;
  readonly tenant: string | null;
  readonly plan: CallPlan;
}

/** Writes what the plan appends; the reply to give instead when the disk refuses. */
function append({ exchange, call, tenant, plan }: Appending): PlannedReply | null {
  const { world, request, response } = exchange;
  if (plan.appended.length === 0 || tenant === null) return null;
  const answered = plan.reply.kind !== 'lost' && plan.reply.kind !== 'reset' && !request.socket.destroyed;
  const lines = { ...call, tenant, atMs: world.clock.nowMs(), activities: plan.activities };
  const told = plan.appended.filter((position) => !plan.untold.includes(position));
  const untold = plan.appended.filter((position) => plan.untold.includes(position));
  try {
    if (told.length > 0) world.ledger.append({ ...lines, positions: told, answered });
    if (untold.length > 0) world.ledger.append({ ...lines, positions: untold, answered: false });
  } catch (err) {
    world.log.error({ err, call: call.call }, 'the ledger could not be written; nothing of the call was appended');
    return { kind: 'refused', refusal: usualRefusal(500) };
  }
  if (answered) {
    response.once('close', () => {
      if (!response.writableFinished) correct(world, call.call);
    });
  }
  return null;
}

function correct(world: World, call: number): void {
  try {
    world.ledger.correctToUnanswered(call);
  } catch (err) {
    world.log.error({ err, call }, 'the ledger could not be corrected: it says answered of a call that was not');
  }
}

interface Ended {
  readonly call: GraphCall;
  readonly tenant: string | null;
  readonly plan: CallPlan;
  readonly reply: PlannedReply;
}

function note(world: World, { call, tenant, plan, reply }: Ended): void {
  const status = statusOf(reply);
  const { connection, item, clientRequestId, requestId } = call;
  const entries = plan.activities.length;
  // Another reply than the planned one: the disk refused the entries.
  const appended = reply === plan.reply ? plan.appended.length : 0;
  world.stats.countAnswer({ tenant: tenant ?? '', connection }, { status, entries, appended });
  const logged = { call: call.call, tenant, connection, item, status, entries, clientRequestId, requestId };
  world.callLog.add({ ...logged, at: new Date(call.arrivedMs).toISOString() });
  if (status === 'lost') world.log.info(logged, 'appended, answer lost');
  else if (status === 'reset') world.log.info(logged, 'reset');
}
