/*
  A second Graph, written from the documentation alone and sharing nothing with the emulator: what the tests of this folder's
  users find must not depend on how one server happens to answer. It applies what it says it applies, and keeps a journal.
*/
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface SentActivity {
  readonly '@odata.type': string;
  readonly type: string;
  readonly startDateTime: string;
  readonly performedBy: { readonly type: string; readonly id: string };
}

/** A call as it came. */
export interface Call {
  readonly nth: number;
  readonly atMs: number;
  readonly connection: string;
  readonly item: string;
  readonly clientRequestId: string;
  readonly token: string;
  readonly activities: readonly SentActivity[];
}

/** What the server does with a call. */
export interface Answer {
  readonly kind: string;
  /** One for each activity: is it appended? */
  readonly applied: readonly boolean[];
  /** One for each activity: can the caller know from the answer what became of it? */
  readonly said: readonly boolean[];
  readonly write: (response: ServerResponse, request: IncomingMessage) => void;
}

export interface JournalLine extends Call, Omit<Answer, 'write'> {
  endedAtMs: number;
}

export interface SecondGraph {
  readonly url: string;
  readonly tokenUrl: string;
  readonly journal: readonly JournalLine[];
  /** What came that is no call as it should be: other paths, bodies that break a rule, tokens that were not given. */
  readonly complaints: readonly string[];
  /** The forms that tokens were asked for with. */
  readonly tokenForms: readonly URLSearchParams[];
  answerWith(answer: (call: Call) => Answer): void;
  close(): Promise<void>;
}

const CALL = /^\/v1\.0\/external\/connections\/([A-Za-z0-9]+)\/items\/([A-Za-z0-9_-]+)\/addActivities$/;

export async function serveSecondGraph(first: (call: Call) => Answer): Promise<SecondGraph> {
  const journal: JournalLine[] = [];
  const complaints: string[] = [];
  const tokens = new Set<string>();
  let answerOf = first;
  const tokenForms: URLSearchParams[] = [];

  function giveToken(form: URLSearchParams, response: ServerResponse): void {
    tokenForms.push(form);
    const token = `second.${randomUUID()}`;
    tokens.add(token);
    response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' });
    response.end(JSON.stringify({ token_type: 'Bearer', expires_in: 3599, ext_expires_in: 3599, access_token: token }));
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const text = await bodyOf(request);
    if (/\/oauth2\/v2\.0\/token(\?|$)/.test(request.url ?? '')) return giveToken(new URLSearchParams(text), response);
    const call = readCall(request, text, journal.length + 1);
    if (typeof call === 'string' || !tokens.has(call.token)) {
      complaints.push(typeof call === 'string' ? call : `call ${call.nth} came with a token that was not given`);
      response.writeHead(500).end();
      return;
    }
    const { write, ...answer } = answerOf(call);
    const line = { ...call, ...answer, endedAtMs: Number.POSITIVE_INFINITY };
    journal.push(line);
    response.once('close', () => {
      line.endedAtMs = Date.now();
    });
    write(response, request);
  }

  const server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
    serve(request, response).catch((error) => complaints.push(String(error)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    tokenUrl: `${url}/second/oauth2/v2.0/token`,
    journal,
    complaints,
    tokenForms,
    answerWith: (answer) => {
      answerOf = answer;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

/** The call, or which rule it breaks. */
function readCall(request: IncomingMessage, text: string, nth: number): Call | string {
  const path = CALL.exec(request.url ?? '');
  if (request.method !== 'POST' || path === null) return `${request.method} ${request.url} is no call`;
  const { activities } = JSON.parse(text) as { activities: SentActivity[] };
  const [, connection, item] = path as unknown as [string, string, string];
  if (activities.length < 1 || activities.length > 20) return `call ${nth} has ${activities.length} activities`;
  const pairs = new Set(activities.map(({ type, startDateTime }) => `${type} ${startDateTime}`));
  if (pairs.size < activities.length) return `call ${nth} has two activities of one type and instant`;
  if (activities.some((one) => one['@odata.type'] !== '#microsoft.graph.externalConnectors.externalActivity'))
    return `call ${nth} has an activity without @odata.type`;
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  const clientRequestId = String(request.headers['client-request-id']);
  return { nth, atMs: Date.now(), connection, item, clientRequestId, token, activities };
}
