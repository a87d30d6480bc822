/*
  What the console streams, kept as signals: all connections, the fleet, and whether any of it is still true. Times are those of
  the store; while nothing comes in they stand still, so that the page never shows an age that it does not know.
*/
import { batch, computed, signal } from '@preact/signals';
import type { ShownConnection, ShownFleet } from '../../src/words/shown.ts';
import { type StateWords, stateWords } from '../../src/words/state-words.ts';
import { askForRefusal, readSession, session } from './ask.ts';

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** The console says that Redis does not answer. */
  | { readonly kind: 'redis-away'; readonly sinceMs: number | null }
  /** The console itself is not heard. */
  | { readonly kind: 'lost'; readonly sinceMs: number }
  /** The console answers, but not with its stream: too many pages are open. */
  | { readonly kind: 'refused'; readonly sentence: string };

export interface Seen {
  readonly connection: ShownConnection;
  readonly words: StateWords;
}

export const link = signal<Link>({ kind: 'connecting' });
export const fleet = signal<ShownFleet | null>(null);
export const nowMs = signal(0);
const connections = signal<ReadonlyMap<string, ShownConnection>>(new Map());

/** Each connection with its state in words as of now. */
export const seen = computed<readonly Seen[]>(() =>
  [...connections.value.values()].map((connection) => ({
    connection,
    words: stateWords(connection, nowMs.value, fleet.value?.workers),
  })),
);

/** A browser has six connections to one place: a page that nobody looks at gives its own back. */
const HIDDEN_MS_MAX = 20_000;
/** A tick comes every ten seconds at the latest. */
const SILENT_MS_MAX = 15_000;
const SESSION_AGAIN_MS = 3000;

let source: EventSource | null = null;
let heardAtMs = 0;
/** The store's clock minus this machine's. */
let offsetMs = 0;
let askedSessionAtMs = 0;
let restTimer = 0;
let isResting = false;

export function openLive(): void {
  setInterval(tick, 1000);
  document.addEventListener('visibilitychange', restWhileHidden);
  connect();
}

/** After a key was given, or when the browser gave up. */
export function connect(): void {
  source?.close();
  source = new EventSource('/api/v1/events');
  heardAtMs = Date.now();
  source.addEventListener('fleet', (event) => {
    const { list, ...rest } = JSON.parse(event.data) as ShownFleet & { readonly list: readonly ShownConnection[] };
    hear(rest, new Map(list.map((each) => [each.connectionId, each])));
  });
  source.addEventListener('changes', (event) => {
    const { changed, gone, ...rest } = JSON.parse(event.data) as ShownFleet & {
      readonly changed: readonly ShownConnection[];
      readonly gone: readonly string[];
    };
    const next = new Map(connections.value);
    for (const id of gone) next.delete(id);
    for (const each of changed) next.set(each.connectionId, each);
    hear(rest, changed.length + gone.length > 0 ? next : connections.value);
  });
  source.addEventListener('away', (event) => {
    heardAtMs = Date.now();
    const { since } = JSON.parse(event.data) as { readonly since: string | null };
    link.value = { kind: 'redis-away', sinceMs: since === null ? null : Date.parse(since) };
  });
  source.addEventListener('error', lose);
}

function hear(next: ShownFleet, list: ReadonlyMap<string, ShownConnection>): void {
  heardAtMs = Date.now();
  offsetMs = Date.parse(next.at) - heardAtMs;
  batch(() => {
    link.value = { kind: 'live' };
    fleet.value = next;
    connections.value = list;
    nowMs.value = Date.parse(next.at);
  });
}

/** Who signs out sees nothing more: neither what comes nor what has come. */
export function disconnect(): void {
  source?.close();
  batch(() => {
    link.value = { kind: 'connecting' };
    fleet.value = null;
    connections.value = new Map();
  });
}

/** One answer that came outside the stream: a pause that was just asked for should be seen at once. */
export function learnOf(connection: ShownConnection): void {
  connections.value = new Map(connections.value).set(connection.connectionId, connection);
}

function restWhileHidden(): void {
  clearTimeout(restTimer);
  if (document.hidden) {
    restTimer = window.setTimeout(() => {
      isResting = true;
      source?.close();
    }, HIDDEN_MS_MAX);
  } else if (isResting) {
    isResting = false;
    link.value = { kind: 'connecting' };
    if (session.value?.needed !== true) connect();
  }
}

function tick(): void {
  if (isResting) return;
  if (Date.now() - heardAtMs > SILENT_MS_MAX) lose();
  if (link.value.kind === 'live') nowMs.value = Date.now() + offsetMs;
}

function lose(): void {
  if (session.value?.needed === true || isResting) return;
  if (link.value.kind !== 'lost' && link.value.kind !== 'refused') link.value = { kind: 'lost', sinceMs: Date.now() };
  // A browser does not say why a stream ended; the session may have.
  if (Date.now() - askedSessionAtMs < SESSION_AGAIN_MS) return;
  askedSessionAtMs = Date.now();
  void findOut();
}

/** The browser gives up a stream that was refused, and does not say why: the answer does. */
async function findOut(): Promise<void> {
  try {
    await readSession();
    if (session.value?.needed === true || source?.readyState !== EventSource.CLOSED) return;
    const refused = await askForRefusal('/api/v1/events');
    if (refused === null) connect();
    else link.value = { kind: 'refused', sentence: refused };
  } catch {
    // Not reached: it stays lost, and is asked again.
  }
}
