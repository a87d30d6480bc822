import { ERASURE_NOTES_MAX, type ErasureNote, type ErasureNotes, type NotedErasure } from '@sluice/core';
import type { Now, State } from './state.ts';

export function noteErasure({ erasureNotes }: State, note: ErasureNote, now: Now): void {
  erasureNotes.delete(note.id);
  erasureNotes.set(note.id, { ...note, atMs: now.ms });
  for (const oldest of erasureNotes.keys()) {
    if (erasureNotes.size <= ERASURE_NOTES_MAX) return;
    erasureNotes.delete(oldest);
  }
}

export function findErasure({ erasureNotes }: State, id: string, now: Now): NotedErasure | null {
  const note = erasureNotes.get(id);
  if (note === undefined) return null;
  const { atMs, ...told } = note;
  return { ...told, silentMs: now.ms - atMs };
}

export function runningErasure(
  state: State,
  { digest, aliveMs }: Parameters<ErasureNotes['runningErasure']>[0],
  now: Now,
): NotedErasure | null {
  const alive = [...state.erasureNotes.values()].filter(
    (note) => note.running && note.digest === digest && now.ms - note.atMs <= aliveMs,
  );
  const newest = alive.at(-1);
  return newest === undefined ? null : findErasure(state, newest.id, now);
}
