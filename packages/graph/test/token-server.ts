/* A token endpoint on this machine, answered by the test: one line for each request, the last one for all that follow. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { TestContext } from 'node:test';

export type TokenAnswer = (response: ServerResponse, form: URLSearchParams, nth: number) => void;

export interface TokenServer {
  /** The whole token endpoint. */
  readonly url: string;
  readonly forms: readonly URLSearchParams[];
  /** From the next request on. */
  answerWith(answer: TokenAnswer): void;
}

export async function startTokenServer(t: TestContext, first: TokenAnswer = giveToken()): Promise<TokenServer> {
  let answer = first;
  const forms: URLSearchParams[] = [];
  const server = createServer(async (request, response) => {
    const form = new URLSearchParams(await readBody(request));
    forms.push(form);
    answer(response, form, forms.length);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return {
    url: `http://127.0.0.1:${address.port}/contoso/oauth2/v2.0/token`,
    forms,
    answerWith: (next) => {
      answer = next;
    },
  };
}

/** Tokens `token-1`, `token-2`, … */
export function giveToken(members: Readonly<Record<string, unknown>> = {}): TokenAnswer {
  return (response, _form, nth) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 3599, access_token: `token-${nth}`, ...members }));
  };
}

export function refuse(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): TokenAnswer {
  return (response) => {
    response.writeHead(status, headers);
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
