/* What the HTTP tests hold in their hands: a started emulator and a plain client that sees everything, also resets. */
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import type { TestContext } from 'node:test';
import { type EmulatorOptions, startEmulator } from '../src/emulator.ts';
import { ACTIVITY_ODATA_TYPE } from '../src/graph/check-activities.ts';

export interface Seen {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export interface Sent {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Client {
  readonly url: string;
  send(sent: Sent): Promise<Seen>;
  json(sent: Sent): Promise<Json>;
  /** A token for the tenant. */
  token(tenant?: string, form?: Readonly<Record<string, string>>): Promise<string>;
  /** Resolves with what was answered; rejects with the socket's error. */
  call(over?: CallOptions): Promise<Seen>;
  behave(behavior: object): Promise<void>;
  ledger(query?: string): Promise<Json[]>;
  stats(query?: string): Promise<Json>;
  close(): void;
}

// biome-ignore lint/suspicious/noExplicitAny: tests reach into answers, and an answer of another shape fails them.
export type Json = any;

export interface CallOptions {
  readonly connection?: string;
  readonly item?: string;
  readonly version?: string;
  readonly action?: string;
  readonly entries?: number;
  readonly body?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export function activities(count: number): object[] {
  return Array.from({ length: count }, (_, i) => ({
    '@odata.type': ACTIVITY_ODATA_TYPE,
    type: 'viewed',
    startDateTime: `2026-01-01T00:00:${String(i).padStart(2, '0')}.000Z`,
    performedBy: { type: 'user', id: '1f0c997e-99f7-43f1-8cca-086f8d42be8d' },
  }));
}

/** No limit, no latency, unless told otherwise. */
export const FREE = { rate: null, concurrency: null, latencyMs: [0, 0] };

export async function startWith(t: TestContext, behavior: object, options: Partial<EmulatorOptions> = {}) {
  const emulator = await startEmulator({ port: 0, bind: '127.0.0.1', dataDir: null, ...options });
  const client = clientOf(emulator.url);
  t.after(async () => {
    client.close();
    await emulator.stop();
  });
  await client.behave({ ...FREE, ...behavior });
  return { ...client, emulator };
}

export function clientOf(url: string): Client {
  const agent = new Agent({ keepAlive: true });
  const tokens = new Map<string, string>();

  const send = ({ method = 'GET', path, headers = {}, body = '' }: Sent) =>
    new Promise<Seen>((resolve, reject) => {
      // The path goes as an option: a URL would be normalised, and dots and escapes are what some tests are about.
      const sent = request(url, { path, method, headers, agent }, (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (piece: string) => {
          text += piece;
        });
        response.on('error', reject);
        response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }));
      });
      sent.on('error', reject);
      sent.end(body);
    });
  const json = async (sent: Sent) => JSON.parse((await send(sent)).text);

  async function token(tenant = 'contoso', form: Readonly<Record<string, string>> = {}): Promise<string> {
    const body = new URLSearchParams({ ...CREDENTIALS, ...form }).toString();
    return (await json({ method: 'POST', path: `/${tenant}/oauth2/v2.0/token`, headers: FORM, body })).access_token;
  }
  async function knownToken(): Promise<string> {
    const known = tokens.get(url) ?? (await token());
    tokens.set(url, known);
    return known;
  }

  return {
    url,
    send,
    json,
    token,
    async call({
      connection = 'tickets',
      item = 'a1',
      version = 'v1.0',
      action = 'addActivities',
      entries = 2,
      body = JSON.stringify({ activities: activities(entries) }),
      token: given,
      headers = {},
    } = {}) {
      const authorization = `Bearer ${given ?? (await knownToken())}`;
      return send({
        method: 'POST',
        path: `/${version}/external/connections/${connection}/items/${item}/${action}`,
        headers: { authorization, 'content-type': 'application/json', ...headers },
        body,
      });
    },
    async behave(behavior) {
      const { status, text } = await send({
        method: 'PUT',
        path: '/emulator/behavior',
        body: JSON.stringify(behavior),
      });
      if (status !== 200) throw new Error(`behavior refused: ${text}`);
    },
    async ledger(query = '') {
      const { text } = await send({ path: `/emulator/ledger${query}` });
      return text === ''
        ? []
        : text
            .trimEnd()
            .split('\n')
            .map((line) => JSON.parse(line));
    },
    stats: (query = '') => json({ path: `/emulator/stats${query}` }),
    close: () => agent.destroy(),
  };
}

export const FORM = { 'content-type': 'application/x-www-form-urlencoded' };
export const CREDENTIALS = {
  grant_type: 'client_credentials',
  client_id: 'app',
  client_secret: 'secret',
  scope: 'https://graph.microsoft.com/.default',
};
