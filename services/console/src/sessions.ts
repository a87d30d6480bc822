/*
  Sessions of people at the page. The browser holds a random text in a cookie that no script can read; we hold its hash, in
  memory: whoever reads ours cannot be anybody. A session has what its key has now, so it ends when the key is revoked.
*/
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Access, Caller } from '@sluice/core';

export interface Sessions {
  /** The text for the cookie. */
  open(caller: Caller): { readonly token: string; readonly session: Session };
  /** Null: there is none, or it has ended. */
  find(token: string): Session | null;
  end(token: string): void;
}

export interface Session {
  readonly caller: Caller;
  /** What the page sends back with every change: another site can make the browser send the cookie, but cannot know this. */
  readonly csrf: string;
}

export interface SessionParts {
  readonly access: Pick<Access, 'callerOfKey'>;
  readonly nowMs: () => number;
}

/** A working day; and a night after which nobody came back. */
export const SESSION_MS_MAX = 12 * 3_600_000;
export const SESSION_IDLE_MS_MAX = 2 * 3_600_000;
/** Of a token nobody tells us when it is withdrawn. */
export const TOKEN_SESSION_MS_MAX = 3_600_000;
/** The oldest goes when there are more. */
export const SESSIONS_MAX = 1000;
const TOKEN = /^[A-Za-z0-9_-]{43}$/;

interface Held extends Session {
  readonly untilMs: number;
  usedAtMs: number;
}

export function keepSessions({ access, nowMs }: SessionParts): Sessions {
  const sessions = new Map<string, Held>();

  /** As the caller is now; null: it is no more. */
  function callerNow({ caller, untilMs, usedAtMs }: Held): Caller | null {
    if (nowMs() >= untilMs || nowMs() - usedAtMs >= SESSION_IDLE_MS_MAX) return null;
    return caller.kind === 'key' ? access.callerOfKey(caller.id) : caller;
  }

  return {
    open: (caller) => {
      const token = randomBytes(32).toString('base64url');
      const lifeMs = caller.kind === 'key' ? SESSION_MS_MAX : TOKEN_SESSION_MS_MAX;
      const session = { caller, csrf: randomBytes(32).toString('base64url') };
      if (sessions.size >= SESSIONS_MAX) sessions.delete(sessions.keys().next().value!);
      sessions.set(digestOf(token), { ...session, untilMs: nowMs() + lifeMs, usedAtMs: nowMs() });
      return { token, session };
    },
    find: (token) => {
      if (!TOKEN.test(token)) return null;
      const digest = digestOf(token);
      const held = sessions.get(digest);
      if (held === undefined) return null;
      const caller = callerNow(held);
      if (caller === null) {
        sessions.delete(digest);
        return null;
      }
      held.usedAtMs = nowMs();
      return { caller, csrf: held.csrf };
    },
    end: (token) => {
      sessions.delete(digestOf(token));
    },
  };
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
