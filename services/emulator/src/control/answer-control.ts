/* The control routes. Anybody who reaches the port may use them: the emulator holds nothing worth a key. */

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { checkBehavior } from '../behavior/check-behavior.ts';
import type { Exchange } from '../graph/answer-call.ts';
import { readBody } from '../http/read-body.ts';
import { type Answer, jsonAnswer, send, textAnswer } from '../http/send.ts';
import type { World } from '../world.ts';
import { HOME_PAGE } from './home-page.ts';

type Route = (exchange: Exchange, query: URLSearchParams) => Promise<Answer | 'answered'> | Answer;

const ROUTES: Readonly<Record<string, Readonly<Record<string, Route>>>> = {
  '/': { GET: () => textAnswer(200, HOME_PAGE) },
  '/health/live': { GET: () => jsonAnswer(200, { status: 'live' }) },
  '/emulator/behavior': { GET: ({ world }) => jsonAnswer(200, world.behavior.current()), PUT: replaceBehavior },
  '/emulator/ledger': { GET: streamLedger },
  '/emulator/stats': { GET: ({ world }, query) => jsonAnswer(200, readStats(world, query)) },
  '/emulator/calls': { GET: listCalls },
  '/emulator/reset': { POST: reset },
};

/** Null: no control route. */
export async function answerControl(exchange: Exchange, url: URL): Promise<boolean> {
  const methods = Object.hasOwn(ROUTES, url.pathname) ? ROUTES[url.pathname] : undefined;
  if (methods === undefined) return false;
  const { request, response, world } = exchange;
  const method = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const route = Object.hasOwn(methods, method) ? methods[method] : undefined;
  const answer = route === undefined ? notAllowed(methods) : await route(exchange, url.searchParams);
  if (answer !== 'answered') send(response, answer, world.clock.nowMs());
  return true;
}

function notAllowed(methods: Readonly<Record<string, Route>>): Answer {
  const allow = Object.keys(methods).join(', ');
  return jsonAnswer(405, controlError('methodNotAllowed', `Allowed here: ${allow}.`), { Allow: allow });
}

async function replaceBehavior({ world, request }: Exchange): Promise<Answer> {
  const body = await readBody(request);
  if (body === 'cut-off' || body === 'too-large') {
    return jsonAnswer(413, controlError('tooLarge', 'A behaviour has at most 4 MB.'));
  }
  let value: unknown;
  try {
    value = JSON.parse(body.toString('utf8'));
  } catch (error) {
    return jsonAnswer(400, controlError('notJson', `The body is not JSON: ${(error as Error).message}`));
  }
  const verdict = checkBehavior(value);
  if ('problems' in verdict) {
    const text = verdict.problems.map(({ member, rule }) => `${member} ${rule}`).join('\n');
    return jsonAnswer(400, { error: { code: 'invalidBehavior', message: text, problems: verdict.problems } });
  }
  world.behavior.replace(verdict.behavior);
  world.log.info({}, 'behavior replaced');
  return jsonAnswer(200, world.behavior.current());
}

async function streamLedger({ world, response, request }: Exchange, query: URLSearchParams): Promise<'answered'> {
  response.writeHead(200, { 'Content-Type': 'application/x-ndjson', 'Cache-Control': 'no-store' });
  if (request.method === 'HEAD') {
    response.end();
    return 'answered';
  }
  const pieces = Readable.from(world.ledger.read(scopeOf(query, ['tenant', 'connection', 'item'])), {
    objectMode: false,
  });
  try {
    await pipeline(pieces, response);
  } catch (err) {
    // The reader left, or the file cannot be read: a cut-off body is the only way to say so after the head.
    if (!response.destroyed) response.destroy();
    world.log.debug({ err }, 'a reading of the ledger was cut off');
  }
  return 'answered';
}

function readStats({ stats, gates, behavior, clock, tokenCounts }: World, query: URLSearchParams): unknown {
  const filter = scopeOf(query, ['tenant', 'connection']);
  const background = { accepted: 0, refused: 0 };
  for (const { tenant, connection, gate } of gates.each()) {
    if ((filter.tenant ?? tenant) !== tenant || (filter.connection ?? connection) !== connection) continue;
    const counts = gate.background(behavior.rulesOf(connection).behavior, clock.nowMs());
    background.accepted += counts.accepted;
    background.refused += counts.refused;
  }
  return { ...stats.read(filter), background, tokenCalls: tokenCounts.read() };
}

function listCalls({ world }: Exchange): Answer {
  const lines = world.callLog.list().map((call) => `${JSON.stringify(call)}\n`);
  return { status: 200, body: lines.join(''), headers: { 'Content-Type': 'application/x-ndjson' } };
}

/** Calls in flight end as they would have, in the new ledger. */
function reset({ world }: Exchange): Answer {
  world.ledger.clear();
  world.stats.clear();
  world.tokenCounts.clear();
  world.callLog.clear();
  world.gates.clear();
  world.tenantGates.clear();
  world.appearances.clear();
  world.behavior.reseed();
  world.log.info({}, 'reset');
  return { status: 204, body: '' };
}

function scopeOf<K extends string>(query: URLSearchParams, names: readonly K[]): Partial<Record<K, string>> {
  const given = names.flatMap((name) => (query.get(name) ? [[name, query.get(name)!] as const] : []));
  return Object.fromEntries(given) as Partial<Record<K, string>>;
}

function controlError(code: string, text: string): unknown {
  return { error: { code, message: text } };
}
