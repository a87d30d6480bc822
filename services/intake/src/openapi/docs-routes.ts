/*
  /openapi.json, and /docs: a page to try it. The page loads nothing from elsewhere and runs nothing inline; its policy
  lets the browser hold it to that.
*/
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from '@sluice/http';
import { type ApiRules, describeApi } from './describe-api.ts';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');
const NO_SNIFFING = { 'x-content-type-options': 'nosniff' };

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Sluice intake</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<main id="api"></main>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/open.js"></script>
</body>
</html>
`;

/** validatorUrl null: the document is not sent to a validator elsewhere. */
const OPEN = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#api', deepLinking: true, validatorUrl: null, tryItOutEnabled: true });
`;

const SCRIPT = 'text/javascript; charset=utf-8';
const ASSETS = [
  { name: 'swagger-ui.css', type: 'text/css; charset=utf-8' },
  { name: 'swagger-ui-bundle.js', type: SCRIPT },
] as const;

export function addDocsRoutes(app: FastifyInstance, rules: ApiRules): void {
  const document = JSON.stringify(describeApi(rules));
  const config = { page: true };
  app.get('/openapi.json', { config }, (_request, reply) =>
    reply.type('application/json; charset=utf-8').header('cache-control', 'no-cache').send(document),
  );
  app.get('/docs', { config }, (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .headers({ ...NO_SNIFFING, 'content-security-policy': POLICY, 'cache-control': 'no-cache' })
      .send(PAGE),
  );
  app.get('/docs/open.js', { config }, (_request, reply) => reply.type(SCRIPT).headers(NO_SNIFFING).send(OPEN));
  const read = rememberAssets();
  for (const { name, type } of ASSETS) {
    app.get(`/docs/${name}`, { config }, async (_request, reply) =>
      reply
        .type(type)
        .headers({ ...NO_SNIFFING, 'cache-control': 'private, max-age=3600' })
        .send(await read(name)),
    );
  }
}

/** Read when first asked for: most intakes never are. */
function rememberAssets(): (name: string) => Promise<Buffer> {
  const require = createRequire(import.meta.url);
  const read = new Map<string, Promise<Buffer>>();
  return (name) => {
    const known = read.get(name);
    if (known !== undefined) return known;
    const reading = readFile(require.resolve(`swagger-ui-dist/${name}`));
    reading.catch(() => read.delete(name));
    read.set(name, reading);
    return reading;
  };
}
