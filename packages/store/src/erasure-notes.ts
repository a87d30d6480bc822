/* Notes of erasures as script arguments and replies. All of them lie in the first shard. */
import { ERASURE_NOTES_KEPT_MS, ERASURE_NOTES_MAX, type ErasureNotes, type NotedErasure } from '@sluice/core';
import type { RunScript } from './client.ts';
import { shardBase } from './keys.ts';

type Reply = readonly [status: string, id: string, digest: string, running: number, silentMs: number, text: string];

interface Asked {
  readonly id?: string;
  readonly digest?: string;
  readonly running?: boolean;
  readonly text?: string;
  readonly aliveMs?: number;
}

export function redisErasureNotes(run: RunScript, tag: string): ErasureNotes {
  const ask = async (action: 'note' | 'find' | 'running', asked: Asked): Promise<NotedErasure | null> => {
    const { id = '', digest = '', running = false, text = '', aliveMs = 0 } = asked;
    const words = [action, id, digest, running ? 1 : 0, text, aliveMs, ERASURE_NOTES_MAX, ERASURE_NOTES_KEPT_MS];
    const reply = (await run('erasure-notes', [shardBase(tag)], words)) as Reply;
    if (reply[0] !== 'found') return null;
    return { id: reply[1], digest: reply[2], running: reply[3] === 1, silentMs: Number(reply[4]), text: reply[5] };
  };
  return {
    noteErasure: async (note) => {
      await ask('note', note);
    },
    erasureNote: (id) => ask('find', { id }),
    runningErasure: (of) => ask('running', of),
  };
}
