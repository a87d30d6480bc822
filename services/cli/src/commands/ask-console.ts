/* The console over HTTP: an answer, or a failure in a sentence. */
import { EXIT_FAILED, type World } from '../world.ts';
import { CommandFailed } from './command-failed.ts';
import { readBaseUrl } from './read-base-url.ts';
import { tellUnreachable } from './tell-unreachable.ts';
import { trustCaFile } from './trust-ca-file.ts';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
  /** Seconds; 0 without one. */
  readonly retryAfter: number;
}

export interface Console {
  /** GET, or POST when there is a body (null: without one). Answers 2xx, and 503 when it may be asked again; all else fails. */
  ask(path: string, body?: unknown): Promise<Answer>;
  /** DELETE; else as ask. */
  remove(path: string): Promise<Answer>;
  /** As ask, but 503 fails as well. */
  get(path: string): Promise<Readonly<Record<string, unknown>>>;
  /** A GET whose answer does not end by itself; fails when it is no 2xx. Rejects with what the signal says. */
  stream(path: string, signal: AbortSignal): Promise<AsyncIterable<Uint8Array>>;
}

const URL_DEFAULT = 'http://127.0.0.1:8081';
const ANSWER_MS_MAX = 30_000;
const RETRY_AFTER_S_MAX = 60;

export function openConsole(world: Pick<World, 'env' | 'cwd'>): Console {
  const { env } = world;
  trustCaFile(world);
  const base = readBaseUrl(env, 'SLUICE_CONSOLE_URL', URL_DEFAULT);
  const key = env['SLUICE_API_KEY'];
  async function send(path: string, body: unknown, method: string): Promise<Answer> {
    const headers = {
      ...(key && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && body !== null && { 'content-type': 'application/json' }),
    };
    const sent = { method, ...(body !== undefined && body !== null && { body: JSON.stringify(body) }) };
    const response = await fetch(`${base}${path}`, {
      headers,
      ...sent,
      signal: AbortSignal.timeout(ANSWER_MS_MAX),
    }).catch((error: unknown) => {
      throw unreachable(base, error);
    });
    const text = await response.text().catch((error: unknown) => {
      throw unreachable(base, error);
    });
    const answer = { status: response.status, body: readBody(text), retryAfter: readRetryAfter(response) };
    if (response.ok || (response.status === 503 && answer.retryAfter > 0)) return answer;
    throw refused(base, answer);
  }
  const ask = (path: string, body?: unknown) => send(path, body, body === undefined ? 'GET' : 'POST');
  return {
    ask,
    remove: (path) => send(path, undefined, 'DELETE'),
    stream: async (path, signal) => {
      const headers = key ? { authorization: `Bearer ${key}` } : {};
      const response = await fetch(`${base}${path}`, { headers, signal }).catch((error: unknown) => {
        throw signal.aborted ? signal.reason : unreachable(base, error);
      });
      if (response.ok && response.body !== null) return response.body;
      throw refused(base, { status: response.status, body: readBody(await response.text()), retryAfter: 0 });
    },
    get: async (path) => {
      const answer = await ask(path);
      if (answer.status === 503) throw refused(base, answer);
      return answer.body;
    },
  };
}

export function refused(base: string, { status, body }: Answer): CommandFailed {
  const { code, detail } = body as { code?: string; detail?: string };
  const said = detail === undefined ? 'Its answer is not the console’s.' : detail;
  return new CommandFailed(`${said} (${status}${code === undefined ? '' : ` ${code}`}, ${base})`, EXIT_FAILED, status);
}

function unreachable(base: string, error: unknown): CommandFailed {
  const { cause, remedy } = tellUnreachable('console', base, 'SLUICE_CONSOLE_URL', error);
  return new CommandFailed(`The console at ${base} does not answer (${cause}). ${remedy}`, EXIT_FAILED);
}

function readBody(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

function readRetryAfter(response: Response): number {
  const seconds = Number(response.headers.get('retry-after') ?? 0);
  return Number.isFinite(seconds) ? Math.min(Math.max(0, seconds), RETRY_AFTER_S_MAX) : 0;
}
