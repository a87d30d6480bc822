/* The intake over HTTP: where it is, and an answer or a failure in a sentence. */
import { EXIT_FAILED, type World } from '../world.ts';
import { CommandFailed } from './command-failed.ts';
import { readBaseUrl } from './read-base-url.ts';
import { tellUnreachable } from './tell-unreachable.ts';
import { trustCaFile } from './trust-ca-file.ts';

export interface Intake {
  readonly url: string;
  readonly apiKey: string | undefined;
  /** Answers what is there; fails with what the intake says, or that it does not. */
  get(path: string): Promise<Readonly<Record<string, unknown>>>;
  /** As get, with a body. What is accepted in part fails. */
  post(path: string, body: unknown): Promise<Readonly<Record<string, unknown>>>;
  /** Fails when nobody is there: before anything is read, not after minutes of trying. */
  assertReachable(): Promise<void>;
}

const URL_DEFAULT = 'http://127.0.0.1:8080';
const ANSWER_MS_MAX = 10_000;

export function openIntake(world: Pick<World, 'env' | 'cwd'>): Intake {
  const { env } = world;
  trustCaFile(world);
  const url = readBaseUrl(env, 'SLUICE_URL', URL_DEFAULT);
  const apiKey = env['SLUICE_API_KEY'] || undefined;
  async function ask(path: string, sent?: unknown): Promise<Response> {
    const headers = {
      ...(apiKey !== undefined && { authorization: `Bearer ${apiKey}` }),
      ...(sent !== undefined && { 'content-type': 'application/json' }),
    };
    const signal = AbortSignal.timeout(ANSWER_MS_MAX);
    const posted = sent === undefined ? {} : { method: 'POST', body: JSON.stringify(sent) };
    return fetch(`${url}${path}`, { headers, signal, ...posted }).catch((error: unknown) => {
      throw unreachable(url, error);
    });
  }
  async function readAnswer(response: Response): Promise<Readonly<Record<string, unknown>>> {
    const text = await response.text().catch((error: unknown) => {
      throw unreachable(url, error);
    });
    const body = readObject(text);
    if (response.ok && body !== null) return body;
    throw refused(url, response.status, body ?? {});
  }
  return {
    url,
    apiKey,
    get: async (path) => readAnswer(await ask(path)),
    post: async (path, body) => readAnswer(await ask(path, body)),
    assertReachable: async () => {
      await (await ask('/health/live')).body?.cancel();
    },
  };
}

function refused(url: string, status: number, { code, detail }: Readonly<Record<string, unknown>>): CommandFailed {
  const said = typeof detail === 'string' ? detail : 'Its answer is not an intake’s.';
  const named = typeof code === 'string' ? ` ${code}` : '';
  return new CommandFailed(`${said} (${status}${named}, ${url})`, EXIT_FAILED);
}

function unreachable(url: string, error: unknown): CommandFailed {
  const { cause, remedy } = tellUnreachable('intake', url, 'SLUICE_URL', error);
  return new CommandFailed(`The intake at ${url} does not answer (${cause}). ${remedy}`, EXIT_FAILED);
}

function readObject(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
