/*
  After a walk: the lists of dead letters and parked entries are written anew where something was taken out of them, because
  Redis keeps the bytes of what is gone from the middle of such a list, and would show them in every copy of itself.
*/
import type { GapsResult, GapsStep } from '@sluice/core';

type Close = (step: GapsStep) => Promise<GapsResult>;

/** Somebody replays or discards meanwhile, which may take a while. */
const BEGUN_MAX = 5;

/** False: the bytes may still be there. Never rejects; a Redis that has no room for a second list says so here. */
export async function closeGapsOf(connectionId: string, close: Close, stop: AbortSignal): Promise<boolean> {
  try {
    const closed = [await closeList('dead'), await closeList('parked')];
    return closed.every(Boolean);
  } catch {
    return false;
  }

  async function closeList(state: GapsStep['state']): Promise<boolean> {
    let cursor: string | null = null;
    for (let begun = 1; begun <= BEGUN_MAX && !stop.aborted; ) {
      const result: GapsResult = await close({ connectionId, state, cursor });
      if (result.status === 'closed') return true;
      if (result.status === 'changed') begun += 1;
      cursor = result.status === 'copied' ? result.cursor : null;
    }
    return false;
  }
}
