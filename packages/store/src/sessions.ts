/* Sessions as script arguments and replies. All of them lie in the first shard. */
import { SESSIONS_MAX, type SessionStore } from '@sluice/core';
import type { RunScript } from './client.ts';
import { shardBase } from './keys.ts';

export function redisSessions(run: RunScript): SessionStore {
  const ask = async (action: string, id: string, idleMs = 0, lifeMs = 0, text = '') =>
    (await run('session', [shardBase()], [action, id, idleMs, lifeMs, SESSIONS_MAX, text])) as readonly string[];
  return {
    openSession: async ({ id, text, lifeMs, idleMs }) => {
      await ask('open', id, idleMs, lifeMs, text);
    },
    findSession: async ({ id, idleMs }) => {
      const [status, text] = await ask('find', id, idleMs);
      return status === 'found' ? text! : null;
    },
    endSession: async (id) => {
      await ask('end', id);
    },
  };
}
