/* The page and its files. Names of files contain their hash, so a browser keeps them; the page itself is asked for each time. */
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply } from '@sluice/http';
import { httpProblem, ProblemError } from '@sluice/http';
import type { Page } from './build-page.ts';

const TYPES: Readonly<Record<string, string>> = {
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  html: 'text/html; charset=utf-8',
};

interface Served {
  readonly type: string;
  readonly plain: Buffer;
  readonly zipped: Buffer;
}

export function addPageRoutes(app: FastifyInstance, page: Page): void {
  const html = serve('html', Buffer.from(page.html));
  const files = new Map([...page.files].map(([name, content]) => [name, serve(name.split('.').at(-1)!, content)]));
  // The page has to come before it can ask for a key; it shows nothing by itself.
  const config = { scopes: 'open' } as const;
  app.get('/', { config }, (request, reply) => {
    reply.header('cache-control', 'no-cache');
    return send(reply, html, request.headers['accept-encoding']);
  });
  app.get<{ Params: { name: string } }>('/assets/:name', { config }, (request, reply) => {
    const file = files.get(request.params.name);
    if (file === undefined) throw new ProblemError(httpProblem('route_not_found'));
    reply.header('cache-control', 'public, max-age=31536000, immutable');
    return send(reply, file, request.headers['accept-encoding']);
  });
  // Browsers ask for it by themselves; the page names its own icon.
  app.get('/favicon.ico', { config }, (_request, reply) =>
    reply.code(204).header('cache-control', 'max-age=86400').send(),
  );
}

function serve(ending: string, plain: Buffer): Served {
  return { type: TYPES[ending] ?? 'application/octet-stream', plain, zipped: gzipSync(plain) };
}

function send(reply: FastifyReply, file: Served, accepted: string | string[] | undefined): FastifyReply {
  const zips = /\bgzip\b/.test(String(accepted ?? ''));
  reply.header('content-type', file.type).header('vary', 'accept-encoding');
  if (zips) reply.header('content-encoding', 'gzip');
  return reply.send(zips ? file.zipped : file.plain);
}
