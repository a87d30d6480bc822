/* The framework, under its name for this room; other rooms get the types they need from here. */
import Fastify from 'fastify';

export type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
export { Fastify };
