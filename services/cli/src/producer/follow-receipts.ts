/* What became of what was posted: receipts are asked until each is final. */
import { pause } from '../pause.ts';

export interface Progress {
  readonly delivered: number;
  readonly dead: number;
  readonly parked: number;
  /** Entries that are gone in another way (discarded, erased, expired) or whose receipt is no longer kept. */
  readonly other: number;
  /** Entries that are not final. */
  readonly open: number;
  /** Why the first open receipt does not move, in its own words; null: it does, or only waits for its turn. */
  readonly waitingFor: string | null;
}

export interface Receipt {
  readonly id: string;
  readonly accepted: number;
}

export interface FollowSettings {
  /** Of the intake. */
  readonly url: string;
  readonly apiKey?: string | undefined;
  readonly receipts: readonly Receipt[];
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
  readonly fetch?: typeof fetch;
  readonly pause?: typeof pause;
}

const ASKED_AT_ONCE = 20;
const INTERVAL_MS = 250;
const ANSWER_MS_MAX = 10_000;
/** Reasons to wait that do not pass by themselves, or not soon. */
const STANDING = new Set(['paused', 'held', 'breaker']);

type Counts = Omit<Progress, 'waitingFor'> & { readonly final: boolean; readonly waitingFor: string | null };

/** Answers when all are final, or the signal has aborted. An intake that is away for a while is asked again. */
export async function followReceipts(settings: FollowSettings): Promise<Progress> {
  const { receipts, signal, onProgress, pause: wait = pause } = settings;
  const seen = new Map<string, Counts>();
  let open = receipts.filter((receipt) => receipt.accepted > 0);
  for (;;) {
    // Those asked longest ago come first, so that every receipt has its turn however many there are.
    for (const receipt of open.slice(0, ASKED_AT_ONCE)) {
      if (signal.aborted) break;
      const counts = await ask(receipt, settings);
      if (counts !== null) seen.set(receipt.id, counts);
    }
    open = [...open.slice(ASKED_AT_ONCE), ...open.slice(0, ASKED_AT_ONCE)].filter(
      ({ id }) => seen.get(id)?.final !== true,
    );
    const progress = addUp(receipts, seen, open[0] === undefined ? null : (seen.get(open[0].id)?.waitingFor ?? null));
    onProgress(progress);
    if (open.length === 0 || signal.aborted) return progress;
    await wait(INTERVAL_MS, signal);
  }
}

function addUp(receipts: readonly Receipt[], seen: ReadonlyMap<string, Counts>, waitingFor: string | null): Progress {
  const sum = { delivered: 0, dead: 0, parked: 0, other: 0, open: 0 };
  for (const { id, accepted } of receipts) {
    const counts = seen.get(id);
    sum.delivered += counts?.delivered ?? 0;
    sum.dead += counts?.dead ?? 0;
    sum.parked += counts?.parked ?? 0;
    sum.other += counts?.other ?? 0;
    sum.open += counts?.open ?? accepted;
  }
  return { ...sum, waitingFor };
}

/** null: no answer this time. */
async function ask(
  receipt: Receipt,
  { url, apiKey, signal, fetch: get = fetch }: FollowSettings,
): Promise<Counts | null> {
  try {
    const response = await get(`${url}/v1/receipts/${encodeURIComponent(receipt.id)}`, {
      ...(apiKey !== undefined && { headers: { authorization: `Bearer ${apiKey}` } }),
      signal: AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS_MAX)]),
    });
    const text = await response.text();
    if (response.status === 404) {
      return { delivered: 0, dead: 0, parked: 0, other: receipt.accepted, open: 0, final: true, waitingFor: null };
    }
    return response.status === 200 ? readCounts(JSON.parse(text)) : null;
  } catch {
    return null;
  }
}

function readCounts(body: {
  readonly final?: unknown;
  readonly counts?: Readonly<Record<string, unknown>>;
  readonly waitingFor?: readonly { readonly reason?: unknown; readonly detail?: unknown }[];
}): Counts {
  const count = (name: string) => Number(body.counts?.[name] ?? 0);
  const stopped = body.waitingFor?.find(({ reason }) => STANDING.has(String(reason)));
  const detail = typeof stopped?.detail === 'string' ? `: ${stopped.detail}` : '';
  return {
    delivered: count('delivered'),
    dead: count('dead'),
    parked: count('parked'),
    other: count('discarded') + count('erased') + count('expired'),
    open: count('pending') + count('inFlight'),
    final: body.final === true,
    waitingFor: stopped === undefined ? null : `${String(stopped.reason)}${detail}`,
  };
}
