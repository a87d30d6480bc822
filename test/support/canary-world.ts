/*
  A whole system with secrets and people planted wherever there is room for them: tenants in shards of their own, Redis behind TLS,
  a webhook, a collector and an issuer of tokens that repeat what they must not; and how everybody asks it, planting more.
*/
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { REDIS_LOGIN, type Service, spawnService } from '@sluice/testing';
import { runSluice } from './run-sluice.ts';
import { type System, startSystem } from './start-system.ts';
import { THREE_SHARDS } from './three-shards.ts';

export const withinMs = 60_000;
const READY = { readyWithinMs: 60_000 };

export const SECRETS = {
  'Redis password': REDIS_LOGIN.password,
  'wrong Redis password': 'canary-wrong-redis-password',
  'client secret': 'canary-client-secret-2e7b',
  'proxy password': 'canary-proxy-password-18dd',
  webhook: 'canary-webhook-path-5b2e',
  'collector header': 'canary-collector-key-90af',
  'keys of tokens': 'canary-answer-of-the-keys',
  certificate: 'canary-of-a-broken-certificate',
  'wrong key': 'canary-wrong-api-key-31d0',
  token: 'eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.eyJuYW1lIjoiY2FuYXJ5In0.canary-signature',
  cookie: 'canary-cookie-0c4f',
  'trace state': 'canary-trace-state-77c1',
  baggage: 'canary-baggage-21d8',
  'user agent': 'canary-user-agent-6610',
  referrer: 'canary-referrer-0f9e',
  'idempotency key': 'canary-idempotency-key-66e1',
  query: 'canary-query-8a9b',
  'broken id': 'canary-broken-id',
} as const;
export const PEOPLE = {
  user: '5ca4ab1e-0000-4000-8000-00000000beef',
  group: 'canary-group-of-people',
  'id of an activity': 'canary-activity-id-1d2e',
} as const;
/** What would be a line of the log, and a colour of the terminal, if somebody wrote it out as it is. */
export const FORGED = `\r\n{"level":"error","service":"forged","msg":"forged line"}\r\n\u001b[31mred\u001b[0m`;
const GOSSIP = `User '${PEOPLE.user.toUpperCase()}' and ${PEOPLE.group}${FORGED} are unknown.${FORGED}`;

export interface World {
  readonly system: System;
  readonly folder: string;
  readonly key: string;
  readonly env: Readonly<Record<string, string>>;
  readonly intake: Service;
  readonly console_: Service;
  readonly processes: Service[];
  /** Answers with an error; answers that show something; what commands printed. */
  readonly errors: string[];
  readonly shown: string[];
  readonly printed: string[];
  /** What shows dead letters, and with them people. */
  readonly letters: string[];
}

async function listen(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A proxy that lets nobody through and repeats what it was told. */
export async function startProxy(t: TestContext): Promise<string> {
  const server = createServer();
  server.on('connect', (request, socket) => {
    const told = `${request.headers['proxy-authorization']} ${SECRETS['proxy password']}`;
    socket.end(`HTTP/1.1 407 ${told}\r\nx-told: ${told}\r\ncontent-length: ${told.length}\r\n\r\n${told}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  return `http://sluice:${SECRETS['proxy password']}@127.0.0.1:${port}`;
}

export async function ask({ key, errors, shown }: World, url: string, init: RequestInit = {}): Promise<Response> {
  const headers = {
    'x-api-key': key,
    ...(init.body != null && { 'content-type': 'application/json' }),
    'user-agent': SECRETS['user agent'],
    referer: `https://intranet/?${SECRETS.referrer}`,
    cookie: `other=${SECRETS.cookie}`,
    tracestate: `a=${SECRETS['trace state']}`,
    baggage: `who=${SECRETS.baggage}`,
    traceparent: `00-${'ab'.repeat(16)}-00f067aa0ba902b7-01`,
  };
  const response = await fetch(url, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } });
  const text = await response.clone().text();
  (response.status >= 300 || response.status === 207 ? errors : shown).push(text);
  return response;
}

let made = 0;
export const activityOf = (performedBy: object) => ({
  type: 'viewed',
  startDateTime: new Date(Date.UTC(2026, 0, 1) + ++made * 1000).toISOString(),
  performedBy,
  id: `${PEOPLE['id of an activity']}-${made}${FORGED}`,
});

export const post = (world: World, connection: string, activities: readonly object[]) =>
  ask(world, `${world.intake.url}/v1/connections/${connection}/activities?who=${SECRETS.query}%0d%0a`, {
    method: 'POST',
    headers: { 'idempotency-key': `${SECRETS['idempotency key']}-${made}` },
    body: JSON.stringify({ activities }),
  });

export const run = async (world: World, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const { code, out, err } = await runSluice(args, { ...world.env, ...env });
  world.printed.push(out, err);
  return code;
};

export async function openWorld(t: TestContext): Promise<World> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-canaries-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const keysFile = join(folder, 'keys.json');
  const made_ = await runSluice(
    ['keys', 'create', '--name', 'me', '--scope', 'ingest,read,operate', '--connections', '*', '--file', keysFile],
    {},
  );
  const key = made_.out.trim();
  const hook = await listen(t, (_request, response) => void response.writeHead(500).end(SECRETS.webhook));
  const keys = await listen(t, (_request, response) => void response.writeHead(500).end(SECRETS['keys of tokens']));
  const spans: string[] = [];
  const collector = await listen(t, async (request, response) => {
    for await (const chunk of request) spans.push(String(chunk));
    response.setHeader('content-type', 'application/json').end('{}');
  });
  const system = await startSystem({
    ...THREE_SHARDS,
    configFile: async (emulatorUrl, place) => {
      const file = await THREE_SHARDS.configFile!(emulatorUrl, place);
      await writeFile(join(place, 'secret'), SECRETS['client secret']);
      return file;
    },
    redisOptions: { tls: 'mutual' },
    workers: 1,
    intakes: 1,
    env: {
      LOG_LEVEL: 'trace',
      SLUICE_API_KEYS_FILE: keysFile,
      SLUICE_JWT_TENANT_ID: '5106ce00-0000-4000-8000-0000000000a1',
      SLUICE_JWT_AUDIENCE: 'api://sluice',
      SLUICE_JWT_KEYS_URL: keys,
      SLUICE_ALERT_WEBHOOK_URL: `${hook}/${SECRETS.webhook}`,
      SLUICE_ALERT_AGE_MS: '1000',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector,
      OTEL_EXPORTER_OTLP_HEADERS: `x-key=${SECRETS['collector header']}`,
    },
    behavior: {
      connections: {
        hrFirst: { shares: { 207: 1 }, entryError: { code: 'invalidRequest', message: GOSSIP } },
        hrSecond: { script: [{ status: 403, body: { error: { code: 'accessDenied', message: GOSSIP } }, times: 500 }] },
        hrThird: {
          unknownItems: ['missing'],
          script: [{ status: 207, apply: false }],
          entryError: { code: 'neverSeenBefore', message: GOSSIP },
        },
      },
    },
  });
  t.after(() => system.stop());
  const console_ = await spawnService({ service: 'console', env: { ...system.env }, ...READY });
  t.after(() => console_.kill('SIGKILL'));
  const intake = system.intakes[0]!;
  const env = {
    ...system.env,
    SLUICE_URL: intake.url!,
    SLUICE_CONSOLE_URL: console_.url!,
    SLUICE_API_KEY: key,
    SLUICE_DATA_DIR: folder,
  };
  const processes = [intake, console_, system.workers[0]!];
  return { system, folder, key, env, intake, console_, processes, errors: [], shown: spans, printed: [], letters: [] };
}

/** What happens is heard until the test ends. */
export function listenTo({ console_, key }: World, path: string): { readonly heard: string[]; end(): void } {
  const gone = new AbortController();
  const heard: string[] = [];
  void (async () => {
    const { signal } = gone;
    const response = await fetch(`${console_.url}${path}`, { headers: { 'x-api-key': key }, signal });
    for await (const chunk of response.body!) heard.push(Buffer.from(chunk).toString());
  })().catch(() => {});
  return { heard, end: () => gone.abort() };
}
