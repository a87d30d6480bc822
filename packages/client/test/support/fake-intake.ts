/* An intake behind `fetch`, that keeps what it is sent and answers as the test says; and a client on a clock of the test. */
import { gunzipSync } from 'node:zlib';
import { manualClock } from '@sluice/testing';
import { createSluice } from '../../src/create-sluice.ts';
import type { Activity, Clock, SluiceOptions } from '../../src/index.ts';

export interface Sent {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  readonly activities: readonly { readonly id: string; readonly itemId: string }[];
  readonly signal: AbortSignal;
}

export interface FakeAnswer {
  readonly status: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ACTIVITY: Activity = {
  connection: 'hr1',
  item: 'a1',
  type: 'viewed',
  startDateTime: '2026-01-31T13:45:00Z',
  performedBy: { type: 'user', id: '11111111-2222-3333-4444-555555555555' },
};

/** 202 for everything that was sent. */
export function stored({ activities }: Sent): FakeAnswer {
  return { status: 202, body: { receiptId: 'r1', accepted: activities.length, duplicates: 0, rejected: [] } };
}

/** `answer` may throw (no answer) and may wait. */
export function openClient(
  answer: (sent: Sent, nth: number) => FakeAnswer | Promise<FakeAnswer>,
  options: Partial<SluiceOptions> = {},
) {
  const sent: Sent[] = [];
  const manual = manualClock();
  let made = 0;
  const sluice = createSluice({
    url: 'http://intake.test/',
    clock: clockOf(manual),
    random: () => 0.5,
    newId: () => `made-${++made}`,
    lingerMs: 20,
    retryBaseMs: 100,
    fetch: async (url, { headers, body, signal }) => {
      const text = typeof body === 'string' ? body : gunzipSync(body).toString();
      const one = { url, headers, text, activities: JSON.parse(text).activities, signal };
      sent.push(one);
      const { promise: cut, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(signal.reason));
      const { status, body: value, headers: named = {} } = await Promise.race([answer(one, sent.length), cut]);
      return {
        status,
        headers: { get: (name) => named[name] ?? null },
        text: async () => (typeof value === 'string' ? value : JSON.stringify(value ?? {})),
      };
    },
    ...options,
  });
  /** What was tracked just now has its timer before time goes on, and what time has brought has happened after. */
  async function advance(ms: number): Promise<void> {
    await settle();
    await manual.advance(ms);
    await settle();
  }
  return { sluice, sent, clock: { advance } };
}

function clockOf(manual: ReturnType<typeof manualClock>): Clock {
  return {
    nowMs: manual.nowMs,
    wallMs: manual.nowMs,
    after: (ms, run) => {
      const stop = new AbortController();
      void manual.wait(ms, stop.signal).then(() => stop.signal.aborted || run());
      return () => stop.abort();
    },
  };
}

/** Lets everything run that does not wait for time: microtasks, and what zlib does on another thread. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
}
