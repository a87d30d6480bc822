/* Sessions in memory: the port's prose made executable. */
import { SESSIONS_MAX, type SessionStore } from '@sluice/core';

interface Held {
  readonly text: string;
  readonly untilMs: number;
  readonly endsMs: number;
}

export function createMemorySessions({ nowMs }: { readonly nowMs: () => number }): SessionStore {
  const kept = new Map<string, Held>();
  return {
    openSession: async ({ id, text, lifeMs, idleMs }) => {
      const now = nowMs();
      for (const [other, { endsMs }] of kept) if (endsMs <= now) kept.delete(other);
      kept.set(id, { text, untilMs: now + lifeMs, endsMs: now + Math.min(idleMs, lifeMs) });
      const byEnd = [...kept].sort(([a, one], [b, other]) => one.endsMs - other.endsMs || (a < b ? -1 : 1));
      for (const [other] of byEnd.slice(0, Math.max(0, kept.size - SESSIONS_MAX))) kept.delete(other);
    },
    findSession: async ({ id, idleMs }) => {
      const held = kept.get(id);
      if (held === undefined || held.endsMs <= nowMs()) return null;
      kept.set(id, { ...held, endsMs: Math.min(nowMs() + idleMs, held.untilMs) });
      return held.text;
    },
    endSession: async (id) => {
      kept.delete(id);
    },
  };
}
