/*
  Sessions of people at the page. The browser holds a random text in a cookie that no script can read; the store holds its hash
  and whose it is, so that every console knows a session and a restart ends none, and who reads the store can be nobody. A
  session has what its key has now, so it ends when the key is revoked.
*/
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Access, type Caller, SESSIONS_MAX, type SessionStore } from '@sluice/core';
import { fromStore } from './console-problems.ts';

export interface Sessions {
  /** The text for the cookie. */
  open(caller: Caller): Promise<{ readonly token: string; readonly session: Session }>;
  /** Null: there is none, or it has ended. */
  find(token: string): Promise<Session | null>;
  end(token: string): Promise<void>;
}

export interface Session {
  readonly caller: Caller;
  /** What the page sends back with every change: another site can make the browser send the cookie, but cannot know this. */
  readonly csrf: string;
}

export interface SessionParts {
  readonly access: Pick<Access, 'callerOfKey'>;
  readonly store: SessionStore;
}

/** A working day; and a night after which nobody came back. */
export const SESSION_MS_MAX = 12 * 3_600_000;
export const SESSION_IDLE_MS_MAX = 2 * 3_600_000;
/** Of a token nobody tells us when it is withdrawn. */
export const TOKEN_SESSION_MS_MAX = 3_600_000;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

export function keepSessions({ access, store }: SessionParts): Sessions {
  /** As found last: while Redis is away, who was known stays known, and the page can say that it is away. */
  const found = new Map<string, string>();

  function remember(id: string, text: string | null): void {
    found.delete(id);
    if (text !== null) found.set(id, text);
    if (found.size > SESSIONS_MAX) found.delete(found.keys().next().value!);
  }

  async function textOf(id: string): Promise<string | null> {
    try {
      const text = await store.findSession({ id, idleMs: SESSION_IDLE_MS_MAX });
      remember(id, text);
      return text;
    } catch (error) {
      return found.get(id) ?? fromStore(Promise.reject(error));
    }
  }

  return {
    open: async (caller) => {
      const token = randomBytes(32).toString('base64url');
      const lifeMs = caller.kind === 'key' ? SESSION_MS_MAX : TOKEN_SESSION_MS_MAX;
      const session = { id: digestOf(token), text: writeCaller(caller), lifeMs, idleMs: SESSION_IDLE_MS_MAX };
      await fromStore(store.openSession(session));
      return { token, session: { caller, csrf: csrfOf(token) } };
    },
    find: async (token) => {
      if (!TOKEN.test(token)) return null;
      const text = await textOf(digestOf(token));
      const caller = text === null ? null : callerNow(text, access);
      return caller === null ? null : { caller, csrf: csrfOf(token) };
    },
    end: async (token) => {
      const id = digestOf(token);
      found.delete(id);
      await fromStore(store.endSession(id));
    },
  };
}

/** Of a key only which one it is. */
function writeCaller({ kind, id, ...rest }: Caller): string {
  if (kind === 'key') return JSON.stringify({ kind, id });
  const connections = rest.connections === '*' ? '*' : [...rest.connections];
  return JSON.stringify({ kind, id, ...rest, connections });
}

/** As the caller is now; null: its key was revoked. */
function callerNow(text: string, access: SessionParts['access']): Caller | null {
  const written = JSON.parse(text) as Omit<Caller, 'connections'> & { readonly connections: '*' | readonly string[] };
  if (written.kind === 'key') return access.callerOfKey(written.id);
  return { ...written, connections: written.connections === '*' ? '*' : new Set(written.connections) };
}

/** Whether a change carries what the session was given. */
export function isCsrfRight({ csrf }: Session, given: unknown): boolean {
  if (typeof given !== 'string') return false;
  const [ours, theirs] = [Buffer.from(csrf), Buffer.from(given)];
  return ours.length === theirs.length && timingSafeEqual(ours, theirs);
}

function digestOf(token: string): string {
  return createHash('sha256').update(token).digest('base64url');
}

/** Made of what is in the cookie, so that nobody has to keep it: who has it cannot tell the cookie from it. */
function csrfOf(token: string): string {
  return createHash('sha256').update(`csrf ${token}`).digest('base64url');
}
