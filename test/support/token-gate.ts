/* A token endpoint in front of the emulator's, which takes any secret: this one takes only the secrets it is told, and remembers what it was asked. */
import { createServer } from 'node:http';
import type { TestContext } from 'node:test';

export interface TokenGate {
  /** Answers the whole endpoint of a tenant. */
  urlOf(tenantId: string): string;
  readonly asked: readonly { readonly secret: string; readonly claims: unknown; readonly status: number }[];
  take(...secrets: readonly string[]): void;
}

export async function startTokenGate(
  t: TestContext,
  emulatorUrl: () => string,
  ...first: readonly string[]
): Promise<TokenGate> {
  const asked: { secret: string; claims: unknown; status: number }[] = [];
  let taken = new Set(first);
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString('utf8');
    const form = new URLSearchParams(body);
    const secret = form.get('client_secret') ?? '';
    const { pathname } = new URL(request.url ?? '/', emulatorUrl());
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    const answer = taken.has(secret)
      ? await fetch(new URL(pathname, emulatorUrl()), { method: 'POST', headers, body })
      : Response.json({ error: 'invalid_client', error_description: 'AADSTS7000215' }, { status: 401 });
    asked.push({ secret, claims: JSON.parse(form.get('claims') ?? 'null'), status: answer.status });
    response.writeHead(answer.status, { 'content-type': 'application/json' });
    response.end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the gate has no port');
  return {
    urlOf: (tenantId) => `http://127.0.0.1:${address.port}/${tenantId}/oauth2/v2.0/token`,
    asked,
    take: (...secrets) => {
      taken = new Set(secrets);
    },
  };
}
