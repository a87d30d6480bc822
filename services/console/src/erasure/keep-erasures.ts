/*
  The erasures that this console was asked for: those under way, and how the last ones ended. Nothing here names whom they
  erase but a digest. When the console stops in the middle, nothing is lost but the telling: asked again, it goes on.
*/
import { createHash } from 'node:crypto';
import { foldPerformer } from '@sluice/core';
import { emptyTally, type Tally, type WalkParts, walkConnections } from './walk-connections.ts';

export interface Erasure {
  readonly id: string;
  /** unfinished: some were in calls that did not end, or the console stopped; failed: Redis did not answer. Both: ask again. */
  readonly state: 'running' | 'finished' | 'unfinished' | 'failed';
  readonly tally: Readonly<Tally>;
  /** Fulfilled when it is no longer running. Never rejects. */
  readonly over: Promise<void>;
}

export interface Erasures {
  /** One that runs already for this performer is answered again. Null: ERASING_MAX run. */
  begin(performerId: string): Erasure | null;
  find(id: string): Erasure | null;
  stop(): void;
}

export interface ErasuresParts extends WalkParts {
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
    try {
      await walkConnections(parts, performerId, tally, stop.signal);
      kept.state = stop.signal.aborted || tally.inFlight > 0 ? 'unfinished' : 'finished';
      parts.logger.info({ erasureId: id, state: kept.state, ...tally }, 'erasure ended');
    } catch (error) {
      kept.state = 'failed';
      parts.logger.warn({ err: error, erasureId: id, ...tally }, 'erasure failed; asked again it goes on');
    }
  }

  return {
    begin: (performerId) => {
      const digest = digestOfPerformer(performerId);
      const running = [...all.values()].filter(({ state }) => state === 'running');
      const same = running.find((one) => one.digest === digest);
      if (same !== undefined) return same;
      if (running.length >= ERASING_MAX || stop.signal.aborted) return null;
      const kept: Kept = { id: parts.newId(), digest, state: 'running', tally: emptyTally(), over: Promise.resolve() };
      kept.over = run(kept, performerId);
      all.set(kept.id, kept);
      forgetOldest(all);
      return kept;
    },
    find: (id) => all.get(id) ?? null,
    stop: () => stop.abort(),
  };
}

function forgetOldest(all: Map<string, Kept>): void {
  for (const [id, { state }] of all) {
    if (all.size <= ENDED_KEPT_MAX) return;
    if (state !== 'running') all.delete(id);
  }
}
