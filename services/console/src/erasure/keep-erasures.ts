/*
  The erasures that this console was asked for: those under way, and how the last ones ended; those of other consoles it knows
  from their notes. Nothing here names whom they erase but a digest. When a console stops in the middle, asked again, any
  goes on.
*/
import { createHash } from 'node:crypto';
import { foldPerformer } from '@sluice/core';
import { findNoted, findRunning, NOTE_EVERY_MS, type NoteStore, type ToldErasure, writeNote } from './note-erasures.ts';
import { emptyTally, type Tally, type WalkParts, walkConnections } from './walk-connections.ts';

/** unfinished: some were in calls that did not end, the lists could not be written anew, or its console stopped; failed: Redis did not answer. Both: ask again. */
export interface Erasure extends ToldErasure {
  /** Fulfilled when it is no longer running. Never rejects. Null: another console walks it. */
  readonly over: Promise<void> | null;
}

export interface Erasures {
  /** One that runs already for this performer, here or elsewhere, is answered again. Null: ERASING_MAX run. */
  begin(performerId: string): Promise<Erasure | null>;
  find(id: string): Promise<Erasure | null>;
  /** Fulfilled when all of them have ended. */
  stop(): Promise<void>;
}

export interface ErasuresParts extends WalkParts {
  readonly notes: NoteStore;
  readonly newId: () => string;
  readonly logger: {
    info(fields: Readonly<Record<string, unknown>>, text: string): void;
    warn(fields: Readonly<Record<string, unknown>>, text: string): void;
  };
}

const ERASING_MAX = 8;
const ENDED_KEPT_MAX = 1000;

/** Tells whether it was this one, to who knows the id. */
export function digestOfPerformer(performerId: string): string {
  return createHash('sha256').update(foldPerformer(performerId)).digest('hex').slice(0, 16);
}

interface Kept {
  readonly id: string;
  readonly digest: string;
  state: Erasure['state'];
  readonly tally: Tally;
  over: Promise<void>;
}

export function keepErasures(parts: ErasuresParts): Erasures {
  const all = new Map<string, Kept>();
  const stop = new AbortController();

  async function run(kept: Kept, performerId: string): Promise<void> {
    const { id, tally } = kept;
    const ended = new AbortController();
    const noting = noteUntil(kept, ended.signal);
    try {
      kept.state = (await walkConnections(parts, performerId, tally, stop.signal)) ? 'finished' : 'unfinished';
      parts.logger.info({ erasureId: id, state: kept.state, ...tally }, 'erasure ended');
    } catch (error) {
      kept.state = 'failed';
      parts.logger.warn({ err: error, erasureId: id, ...tally }, 'erasure failed; asked again it goes on');
    }
    ended.abort();
    await noting;
  }

  /** A note that is not written is missed by nobody but other consoles. */
  async function noteUntil(kept: Kept, ended: AbortSignal): Promise<void> {
    const note = () => parts.notes.noteErasure(writeNote(kept.digest, kept)).catch(() => undefined);
    while (!ended.aborted) {
      await note();
      await parts.wait(NOTE_EVERY_MS, ended);
    }
    await note();
  }

  function sameOf(digest: string): Kept | undefined {
    return [...all.values()].find((one) => one.state === 'running' && one.digest === digest);
  }

  return {
    begin: async (performerId) => {
      const digest = digestOfPerformer(performerId);
      const own = sameOf(digest);
      if (own !== undefined) return own;
      const others = await findRunning(parts.notes, digest).catch(() => null);
      if (others !== null) return { ...others, over: null };
      const same = sameOf(digest);
      if (same !== undefined) return same;
      const running = [...all.values()].filter(({ state }) => state === 'running');
      if (running.length >= ERASING_MAX || stop.signal.aborted) return null;
      const kept: Kept = { id: parts.newId(), digest, state: 'running', tally: emptyTally(), over: Promise.resolve() };
      kept.over = run(kept, performerId);
      all.set(kept.id, kept);
      forgetOldest(all);
      return kept;
    },
    find: async (id) => {
      const own = all.get(id);
      if (own !== undefined) return own;
      const others = await findNoted(parts.notes, id);
      return others === null ? null : { ...others, over: null };
    },
    stop: async () => {
      stop.abort();
      await Promise.all([...all.values()].map(({ over }) => over));
    },
  };
}

function forgetOldest(all: Map<string, Kept>): void {
  for (const [id, { state }] of all) {
    if (all.size <= ENDED_KEPT_MAX) return;
    if (state !== 'running') all.delete(id);
  }
}
