/* The turn of a request whose body is in work: it ends with the answer, or before, where a route only waits from then on. */
import type { EventEmitter } from 'node:events';
import type { Turn } from './admit-bodies.ts';
import type { FastifyRequest } from './fastify.ts';

const turns = new WeakMap<FastifyRequest, Turn>();
/** Of a request that did not have to wait for one. */
const NONE: Turn = { waitedMs: 0, end: () => {} };

export function keepTurn(request: FastifyRequest, response: EventEmitter, turn: Turn): void {
  turns.set(request, turn);
  response.once('close', turn.end);
}

export function turnOf(request: FastifyRequest): Turn {
  return turns.get(request) ?? NONE;
}
