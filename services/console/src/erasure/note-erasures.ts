/*
  What consoles tell each other of erasures: how far the one is that they walk, so that whichever console is asked can say, and
  that nobody walks it any more when its console is gone.
*/
import type { ActivityStore, NotedErasure } from '@sluice/core';
import type { Tally } from './walk-connections.ts';

export interface ToldErasure {
  readonly id: string;
  readonly state: 'running' | 'finished' | 'unfinished' | 'failed';
  readonly tally: Readonly<Tally>;
}

export type NoteStore = Pick<ActivityStore, 'noteErasure' | 'erasureNote' | 'runningErasure'>;

export const NOTE_EVERY_MS = 1000;
/** A console that is there writes several times in so long. */
const ALIVE_MS = 15_000;

export function writeNote(digest: string, { id, state, tally }: ToldErasure) {
  return { id, digest, running: state === 'running', text: JSON.stringify({ state, tally }) };
}

/** An erasure that another console walks, or walked. */
export async function findNoted(store: NoteStore, id: string): Promise<ToldErasure | null> {
  return readNote(await store.erasureNote(id));
}

export async function findRunning(store: NoteStore, digest: string): Promise<ToldErasure | null> {
  return readNote(await store.runningErasure({ digest, aliveMs: ALIVE_MS }));
}

function readNote(note: NotedErasure | null): ToldErasure | null {
  if (note === null) return null;
  const { state, tally } = JSON.parse(note.text) as Pick<ToldErasure, 'state' | 'tally'>;
  const isLeft = state === 'running' && note.silentMs > ALIVE_MS;
  return { id: note.id, state: isLeft ? 'unfinished' : state, tally };
}
