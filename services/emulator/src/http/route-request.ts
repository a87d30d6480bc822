/* Which of the emulator's faces a request is for. The one hot path is tried first, by one pattern. */

import { answerControl } from '../control/answer-control.ts';
import { answerCall, type Exchange, requestIdOf } from '../graph/answer-call.ts';
import { answerLook } from '../graph/answer-look.ts';
import { type Refusal, usualRefusal } from '../graph/graph-error.ts';
import { sendReply } from '../graph/send-reply.ts';
import { answerIdentityRequest } from '../tokens/managed-identity.ts';
import { answerTokenRequest } from '../tokens/token-endpoint.ts';
import { readBody } from './read-body.ts';
import { type Answer, jsonAnswer, send } from './send.ts';

const ACTIVITIES =
  /^\/(v1\.0|beta)\/external\/connections\/([^/?#]*)\/items\/([^/?#]*)\/(?:microsoft\.graph\.externalConnectors\.)?addActivities(?:\?.*)?$/;
const CONNECTION = /^\/(v1\.0|beta)\/external\/connections\/([^/]+)$/;
const ROOT = /^\/(v1\.0|beta)\/?$/;
const TOKEN = /^\/([^/]+)\/oauth2\/v2\.0\/token$/;
const GRAPH = /^\/(v1\.0|beta)(\/|$)/;

export async function routeRequest(exchange: Exchange): Promise<void> {
  const { request } = exchange;
  const target = request.url ?? '/';
  const activities = ACTIVITIES.exec(target);
  if (activities !== null) {
    if (request.method !== 'POST') return refuse(exchange, { ...usualRefusal(405), headers: { Allow: 'POST' } });
    const [, version, connection, item] = activities;
    return answerCall(exchange, { version: version!, connection: decode(connection!), item: decode(item!) });
  }
  const url = URL.parse(target, 'http://emulator');
  const looked =
    url === null || request.method !== 'GET' ? null : (ROOT.exec(url.pathname) ?? CONNECTION.exec(url.pathname));
  if (looked !== null) return answerLook(exchange, looked[1]!, looked[2] === undefined ? null : decode(looked[2]));
  if (url === null || GRAPH.test(url.pathname)) {
    const text = `The emulator has addActivities, the root and GET of a connection; there is nothing at ${target.slice(0, 200)}.`;
    return refuse(exchange, { status: 404, code: 'ResourceNotFound', text });
  }
  if (await answerTokens(exchange, url)) return;
  if (await answerControl(exchange, url)) return;
  const text = `Nothing is at ${request.method} ${url.pathname.slice(0, 200)}. GET / lists what there is.`;
  send(
    exchange.response,
    jsonAnswer(404, { error: { code: 'notFound', message: text } }),
    exchange.world.clock.nowMs(),
  );
}

/** A segment that is not well encoded stays as it is; the id rules refuse it. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function refuse({ world, request, response }: Exchange, refusal: Refusal): void {
  const given = request.headers['client-request-id'];
  const ids = {
    requestId: requestIdOf(world, world.ledger.nextCall()),
    clientRequestId: typeof given === 'string' ? given : null,
  };
  sendReply(response, { kind: 'refused', refusal }, ids, world.clock.nowMs());
}

async function answerTokens(exchange: Exchange, url: URL): Promise<boolean> {
  const answer = await tokenAnswer(exchange, url);
  if (answer === null) return false;
  exchange.world.tokenCounts.count(answer.status);
  send(exchange.response, answer, exchange.world.clock.nowMs());
  return true;
}

async function tokenAnswer({ world, request }: Exchange, url: URL): Promise<Answer | null> {
  const rules = world.behavior.token();
  const nowMs = world.clock.nowMs();
  const tenant = TOKEN.exec(url.pathname)?.[1];
  if (tenant !== undefined && request.method === 'POST') {
    const body = await readBody(request);
    const text = typeof body === 'string' ? '' : body.toString('utf8');
    const contentType = request.headers['content-type'] ?? '';
    return answerTokenRequest({ tenant: decode(tenant), contentType, body: text }, rules, nowMs);
  }
  if (request.method !== 'GET') return null;
  const identity = { query: url.searchParams, headers: request.headers };
  if (url.pathname === '/msi/token') {
    return answerIdentityRequest({ ...identity, source: 'app-service' }, rules, nowMs);
  }
  // MSAL ends the path with a slash where AZURE_POD_IDENTITY_AUTHORITY_HOST names this address.
  if (/^\/metadata\/identity\/oauth2\/token\/?$/.test(url.pathname)) {
    return answerIdentityRequest({ ...identity, source: 'virtual-machine' }, rules, nowMs);
  }
  return null;
}
