/*
  Those who watch. Each gets what he asked for, up to a bound a tick; one that does not read fast enough is passed over. What
  anybody does not get is counted and told to him: nothing waits here for a slow one but one frame.
*/
import type { ServerResponse } from 'node:http';
import { isWanted, type TailEvent, type TailFilter } from './tail-events.ts';

export interface TailClient {
  readonly response: Pick<ServerResponse, 'write' | 'end' | 'destroy' | 'on'>;
  readonly filter: TailFilter;
  readonly sees: (connectionId: string) => boolean;
  /** False: whoever it was may not watch any more. */
  readonly isStillAllowed: () => boolean;
}

export interface TailTick {
  readonly events: readonly TailEvent[];
  /** Events that were not even read, by connection. */
  readonly leftOut: ReadonlyMap<string, number>;
  /** In place of events: what is said of a Redis that is away. */
  readonly away: boolean;
}

export interface TailClients {
  add(client: TailClient): void;
  send(tick: TailTick): void;
  readonly size: () => number;
  readonly filters: () => readonly TailFilter[];
  end(): void;
}

/** A terminal that shows more than 800 lines a second is read by nobody. */
export const EVENTS_A_TICK_MAX = 400;
const SILENT_MS_MAX = 60_000;

interface Watching extends TailClient {
  blockedSinceMs: number | null;
  leftOut: number;
}

export function createTailClients(clock: () => number): TailClients {
  const clients = new Set<Watching>();

  function add(client: TailClient): void {
    const watching: Watching = { ...client, blockedSinceMs: null, leftOut: 0 };
    clients.add(watching);
    client.response.on('drain', () => {
      watching.blockedSinceMs = null;
    });
    client.response.on('close', () => clients.delete(watching));
    client.response.on('error', () => clients.delete(watching));
  }

  function sendTo(client: Watching, tick: TailTick): void {
    if (!client.isStillAllowed()) {
      client.response.end();
      return;
    }
    const wanted = tick.events.filter((event) => client.sees(event.connectionId) && isWanted(event, client.filter));
    client.leftOut += unread(tick, client);
    if (client.blockedSinceMs !== null) {
      client.leftOut += wanted.length;
      if (clock() - client.blockedSinceMs > SILENT_MS_MAX) client.response.destroy();
      return;
    }
    const shown = choose(wanted);
    client.leftOut += wanted.length - shown.length;
    const frames = shown.map(({ kind, json }) => frameOf(kind, json));
    if (client.leftOut > 0)
      frames.push(frameOf('left-out', JSON.stringify({ event: 'left-out', events: client.leftOut })));
    client.leftOut = 0;
    // A comment when there is nothing, so that he knows that he is still heard.
    const text = tick.away
      ? frameOf('away', '{"event":"away"}')
      : frames.length === 0
        ? ': still here\n\n'
        : frames.join('');
    if (!client.response.write(text)) client.blockedSinceMs = clock();
  }

  return {
    add,
    send: (tick) => {
      for (const client of clients) sendTo(client, tick);
    },
    size: () => clients.size,
    filters: () => [...clients].map(({ filter }) => filter),
    end: () => {
      for (const { response } of clients) response.end();
    },
  };
}

/** What was not read cannot be filtered: it may have been his, unless he watches one item or failures alone. */
function unread({ leftOut }: TailTick, { filter, sees }: Watching): number {
  let sum = 0;
  for (const [connectionId, events] of leftOut) {
    if (sees(connectionId) && (filter.connectionId === null || filter.connectionId === connectionId)) sum += events;
  }
  return sum;
}

/** All that fit; else what failed first, and of the rest every so many, so that each moment is shown. */
function choose(events: readonly TailEvent[]): readonly TailEvent[] {
  if (events.length <= EVENTS_A_TICK_MAX) return events;
  const failed = events.filter((event) => event.failed).slice(0, EVENTS_A_TICK_MAX);
  const others = events.filter((event) => !event.failed);
  const room = EVENTS_A_TICK_MAX - failed.length;
  const step = others.length / Math.max(1, room);
  const sampled = Array.from({ length: Math.min(room, others.length) }, (_, n) => others[Math.floor(n * step)]!);
  return [...failed, ...sampled].sort((a, b) => a.atMs - b.atMs);
}

function frameOf(event: string, json: string): string {
  return `event: ${event}\ndata: ${json}\n\n`;
}
