/* Ids that were accepted lately, in generations by time. */
import type { AppendGroup, AppendPiece } from '@sluice/core';
import type { IdGeneration, Now, State } from './state.ts';

/** What of a group is no duplicate, if anything is. */
export interface NewGroup {
  readonly itemId: string;
  readonly entries: readonly string[];
  readonly ids: readonly (string | null)[];
}

export function findNew(state: State, { groups, dedupe }: AppendPiece, now: Now): readonly NewGroup[] {
  const seen = new Set<string>();
  function isNew(id: string | null): boolean {
    if (id === null || dedupe === undefined) return true;
    if (seen.has(id) || liveGenerations(state, dedupe.windowMs, now).some(({ ids }) => ids.has(id))) return false;
    seen.add(id);
    return true;
  }
  const kept = groups.map((group): NewGroup => {
    const pairs = pairsOf(group).filter(([, id]) => isNew(id));
    return { itemId: group.itemId, entries: pairs.map(([entry]) => entry), ids: pairs.map(([, id]) => id) };
  });
  return kept.filter(({ entries }) => entries.length > 0);
}

export function rememberIds(state: State, { dedupe }: AppendPiece, groups: readonly NewGroup[], now: Now): void {
  const fresh = groups.flatMap(({ ids }) => ids).filter((id) => id !== null);
  if (dedupe === undefined || fresh.length === 0) return;
  const { windowMs, idsMax } = dedupe;
  let generations = liveGenerations(state, windowMs, now);
  let last = generations.at(-1);
  if (last === undefined || now.ms - last.sinceMs >= windowMs / 2 || last.ids.size >= idsMax / 4) {
    last = { sinceMs: now.ms, lastMs: now.ms, ids: new Set() };
    generations = [...generations, last];
  }
  last.lastMs = now.ms;
  for (const id of fresh) last.ids.add(id);
  while (generations.length > 1 && sizeOf(generations) > idsMax) {
    state.idsForgotten = { lastMs: generations[0]!.lastMs, windowMs };
    generations = generations.slice(1);
  }
  state.idGenerations = generations;
}

function liveGenerations({ idGenerations }: State, windowMs: number, now: Now): IdGeneration[] {
  return idGenerations.filter(({ lastMs }) => lastMs + windowMs > now.ms);
}

function sizeOf(generations: readonly IdGeneration[]): number {
  return generations.reduce((sum, { ids }) => sum + ids.size, 0);
}

function pairsOf({ entries, ids }: AppendGroup): readonly (readonly [string, string | null])[] {
  return entries.map((entry, n) => [entry, ids?.[n] ?? null]);
}
