/* Which methods a path takes: who asks with another one is told them, instead of that there is nothing. */
import type { FastifyInstance } from './fastify.ts';

export type MethodsOf = (path: string) => readonly string[];

/** Has to be called before the first route is added. */
export function knowMethods(app: FastifyInstance): MethodsOf {
  const paths = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  app.addHook('onRoute', ({ url, method }) => {
    const known = paths.get(url) ?? { pattern: patternOf(url), methods: new Set<string>() };
    for (const one of [method].flat()) known.methods.add(one);
    paths.set(url, known);
  });
  return (path) => {
    const taken = [...paths.values()].filter(({ pattern }) => pattern.test(path));
    return [...new Set(taken.flatMap(({ methods }) => [...methods]))].sort();
  };
}

/** `:name` is one segment and `*` is anything, as in the router. */
function patternOf(url: string): RegExp {
  const parts = url.split(/(:\w+|\*)/).map((part) => {
    if (part === '*') return '.*';
    return part.startsWith(':') ? '[^/]+' : part.replace(/[.+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`);
}
