/* The console's API as the page asks it. Every refusal becomes one sentence for a person. */
import { signal } from '@preact/signals';

export interface Session {
  readonly needed: boolean;
  readonly name: string | null;
  readonly scopes: readonly string[];
  readonly csrf: string | null;
}

/** Null: not known yet. */
export const session = signal<Session | null>(null);

const OPEN: Session = { needed: false, name: null, scopes: ['read', 'operate'], csrf: null };
const ASK_MS_MAX = 30_000;

export class Refused extends Error {
  override readonly name = 'Refused';
  readonly status: number;
  readonly code: string;
  readonly retryAfterS: number | null;

  constructor(status: number, code: string, sentence: string, retryAfterS: number | null) {
    super(sentence);
    this.status = status;
    this.code = code;
    this.retryAfterS = retryAfterS;
  }
}

export function mayOperate(): boolean {
  return session.value?.scopes.includes('operate') === true;
}

/** Who the page acts for; a console without keys asks nobody. */
export async function readSession(): Promise<void> {
  try {
    session.value = await ask<Session>('/api/v1/session');
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.status === 404) session.value = OPEN;
    else if (error.status !== 401) throw error;
  }
}

export async function giveKey(key: string): Promise<void> {
  await ask('/api/v1/session', { key });
  await readSession();
}

export async function leave(): Promise<void> {
  await ask('/api/v1/session', undefined, 'DELETE');
  await readSession();
}

export async function ask<T>(path: string, body?: unknown, method?: string): Promise<T> {
  const verb = method ?? (body === undefined ? 'GET' : 'POST');
  const csrf = session.value?.csrf ?? null;
  const headers = {
    accept: 'application/json',
    ...(body !== undefined && { 'content-type': 'application/json' }),
    ...(verb !== 'GET' && csrf !== null && { 'x-csrf-token': csrf }),
  };
  const sent = body === undefined ? {} : { body: JSON.stringify(body) };
  const response = await reach(path, { method: verb, headers, ...sent });
  if (response.status === 204) return undefined as T;
  const answer: unknown = await response.json().catch(() => null);
  if (!response.ok) throw refusalOf(response, answer);
  return answer as T;
}

/** Null: it would be answered. Only the beginning of the answer is waited for. */
export async function askForRefusal(path: string): Promise<string | null> {
  const response = await reach(path, {});
  if (!response.ok) return refusalOf(response, await response.json().catch(() => null)).message;
  await response.body?.cancel();
  return null;
}

async function reach(path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(path, { ...init, signal: AbortSignal.timeout(ASK_MS_MAX), credentials: 'same-origin' });
  } catch {
    throw new Refused(0, 'unreachable', 'The console does not answer.', null);
  }
}

function refusalOf(response: Response, answer: unknown): Refused {
  const { code, detail } = (answer ?? {}) as { readonly code?: unknown; readonly detail?: unknown };
  const refused = new Refused(
    response.status,
    typeof code === 'string' ? code : `http_${response.status}`,
    typeof detail === 'string' ? detail : `The console answered ${response.status}.`,
    Number(response.headers.get('retry-after')) || null,
  );
  // A session that ended while the page was open: it asks for a key again.
  if (response.status === 401 && session.value !== null) {
    session.value = { needed: true, name: null, scopes: [], csrf: null };
  }
  return refused;
}
