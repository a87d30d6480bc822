/*
  What takes long: replaying, discarding or exporting many. Request after request until nothing is left; a full backlog is
  waited for, because it empties at the pace of the quota. A run goes on while other views are open.
*/
import { signal } from '@preact/signals';
import { ask, Refused } from '../state/ask.ts';

export interface Letter {
  readonly id: string;
  readonly state: 'dead' | 'parked';
  readonly itemId: string;
  /** Null: written by a newer version. */
  readonly activity: { readonly type: string; readonly startDateTime: string; readonly performedBy: unknown } | null;
  readonly code: string;
  readonly message: string;
  readonly requestId: string | null;
  readonly attempts: number | null;
  readonly acceptedAt: string | null;
  readonly settledAt: string;
  readonly receiptId: string | null;
}

export interface Run {
  readonly verb: 'replayed' | 'discarded' | 'exported';
  readonly total: number;
  readonly done: number;
  readonly note: string | null;
  readonly ended: 'done' | 'failed' | 'stopped' | null;
}

type Filter = Readonly<Record<string, string>>;
type Choice = { readonly filter: Filter } | { readonly ids: readonly string[] };

const runs = signal<ReadonlyMap<string, Run>>(new Map());
const EXPORT_PAGE = 1000;
/** Lines of some 300 bytes, which a browser keeps on disk when they are many. */
const EXPORT_MAX = 1_000_000;
const LATER_MAX = 60;

export function lettersPath(connectionId: string): string {
  return `/api/v1/connections/${encodeURIComponent(connectionId)}/dead-letters`;
}

export function runOf(connectionId: string): Run | null {
  return runs.value.get(connectionId) ?? null;
}

/** Stops a run; one that has ended is shown no longer. */
export function stopRun(connectionId: string): void {
  const run = runOf(connectionId);
  if (run === null) return;
  if (run.ended === null) write(connectionId, { ended: 'stopped', note: 'Stopped; what is done is done.' });
  else runs.value = new Map([...runs.value].filter(([id]) => id !== connectionId));
}

interface ChangeRequest {
  readonly connectionId: string;
  readonly action: 'replay' | 'discard';
  readonly choice: Choice;
  /** What there is at most. */
  readonly total: number;
}

interface ChangeAnswer {
  readonly matched: number;
  readonly done: number;
  readonly next: string | null;
}

export async function changeAll({ connectionId, action, choice, total }: ChangeRequest): Promise<void> {
  begin(connectionId, action === 'replay' ? 'replayed' : 'discarded', 'ids' in choice ? choice.ids.length : total);
  await run(connectionId, async () => {
    let cursor: string | null = null;
    let left = true;
    while (left && isRunning(connectionId)) {
      const body = 'ids' in choice ? choice : { filter: choice.filter, cursor };
      const answer: ChangeAnswer = await askPatiently(connectionId, `${lettersPath(connectionId)}/${action}`, body);
      write(connectionId, { done: (runOf(connectionId)?.done ?? 0) + answer.done, note: null });
      cursor = answer.next;
      left = 'ids' in choice ? answer.matched > answer.done && answer.done > 0 : cursor !== null;
    }
  });
}

/** In the shape that `sluice post` reads: a line each, with its item. */
export async function exportAll({
  connectionId,
  filter,
  total,
}: {
  readonly connectionId: string;
  readonly filter: Filter;
  readonly total: number;
}): Promise<void> {
  begin(connectionId, 'exported', total);
  const pieces: string[] = [];
  await run(connectionId, async () => {
    let [cursor, written]: [string | null, number] = [null, 0];
    do {
      const query = new URLSearchParams({ ...filter, limit: String(EXPORT_PAGE), ...(cursor !== null && { cursor }) });
      const page: { readonly entries: readonly Letter[]; readonly next: string | null } = await askPatiently(
        connectionId,
        `${lettersPath(connectionId)}?${query}`,
      );
      pieces.push(page.entries.map(lineOf).join(''));
      written += page.entries.length;
      cursor = page.next;
      write(connectionId, { done: written });
    } while (cursor !== null && written < EXPORT_MAX && isRunning(connectionId));
    if (isRunning(connectionId)) save(`${connectionId}-dead-letters.ndjson`, pieces);
  });
}

function lineOf({ itemId, activity }: Letter): string {
  return activity === null ? '' : `${JSON.stringify({ itemId, ...activity })}\n`;
}

function save(name: string, pieces: readonly string[]): void {
  const url = URL.createObjectURL(new Blob([...pieces], { type: 'application/x-ndjson' }));
  const anchor = document.createElement('a');
  anchor.href = url;
  anchor.download = name;
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

async function run(connectionId: string, work: () => Promise<void>): Promise<void> {
  try {
    await work();
    if (isRunning(connectionId)) write(connectionId, { ended: 'done' });
  } catch (error) {
    write(connectionId, { ended: 'failed', note: error instanceof Error ? error.message : String(error) });
  }
}

/** Asked again while it is too early, as long as the answer says when. */
async function askPatiently<T>(connectionId: string, path: string, body?: unknown): Promise<T> {
  for (let later = 1; ; later++) {
    try {
      return await ask<T>(path, body);
    } catch (error) {
      if (!(error instanceof Refused) || error.status !== 503 || later === LATER_MAX || !isRunning(connectionId))
        throw error;
      write(connectionId, { note: `${error.message} Waiting …` });
      await new Promise((resolve) => setTimeout(resolve, (error.retryAfterS ?? 1) * 1000));
    }
  }
}

function isRunning(connectionId: string): boolean {
  return runOf(connectionId)?.ended === null;
}

function begin(connectionId: string, verb: Run['verb'], total: number): void {
  runs.value = new Map(runs.value).set(connectionId, { verb, total, done: 0, note: null, ended: null });
}

function write(connectionId: string, parts: Partial<Run>): void {
  const run = runOf(connectionId);
  if (run !== null) runs.value = new Map(runs.value).set(connectionId, { ...run, ...parts });
}
