/*
  batch: which item is worth the next call most. Rules 1 to 4 of the port. Decides only; nothing is changed here.
*/
import type { Lease, TakeRequest } from '@sluice/core';
import { acceptedMsOf } from './columns.ts';
import { dueGroups } from './return-entries.ts';
import type { Connection, Group, Item, Now } from './state.ts';

const BEST_MAX = 8;
const PROBED_MAX = 64;

export type Pick =
  | { readonly why: 'whole'; readonly itemId: string; readonly group: Group }
  | { readonly why: 'bound' | 'best' | 'oldest'; readonly itemId: string };

/** Rules 1 and 2 share one turn: after a call of theirs, 3 and 4 are asked first. */
export function pickItem(connection: Connection, request: TakeRequest, now: Now): Pick | null {
  const urgent = () => pickWhole(connection, now) ?? pickOverAge(connection, request, now);
  const worthy = () => pickBest(connection, request, now) ?? pickOldest(connection, request, now);
  const probed = connection.block === null ? null : pickProbed(connection, connection.block.probes, request, now);
  return probed ?? (connection.turnTaken ? (worthy() ?? urgent()) : (urgent() ?? worthy()));
}

export function takesTurn(why: Lease['why']): boolean {
  return why === 'whole' || why === 'bound';
}

/** Another item for each probe. */
function pickProbed(connection: Connection, probes: number, { lingerMs }: TakeRequest, now: Now): Pick | null {
  const waiting = waitingItems(connection);
  const probed = waiting[probes % Math.min(waiting.length, PROBED_MAX)];
  if (probed === undefined || probed.sinceMs > now.ms - lingerMs) return null;
  return { why: 'oldest', itemId: probed.itemId };
}

/** Rule 1. */
function pickWhole(connection: Connection, now: Now): Pick | null {
  const group = dueGroups(connection, now).find(({ whole }) => whole);
  return group === undefined ? null : { why: 'whole', itemId: group.itemId, group };
}

/** Rule 2. */
function pickOverAge(connection: Connection, { ageBoundMs }: TakeRequest, now: Now): Pick | null {
  const longest = longestWaiting(connection);
  return longest !== null && longest.sinceMs < now.ms - ageBoundMs ? { why: 'bound', itemId: longest.itemId } : null;
}

/** Rule 3. */
function pickBest(connection: Connection, { entriesMax, lingerMs }: TakeRequest, now: Now): Pick | null {
  const best = headsOf(connection)
    .map((head) => ({ ...head, fill: fillOf(head.item, entriesMax) }))
    .sort((a, b) => b.fill - a.fill || a.headMs - b.headMs || byId(a, b))
    .slice(0, BEST_MAX)
    .find(({ fill, headMs }) => fill >= entriesMax || headMs <= now.ms - lingerMs);
  return best === undefined ? null : { why: 'best', itemId: best.itemId };
}

/** Rule 4. */
function pickOldest(connection: Connection, { lingerMs }: TakeRequest, now: Now): Pick | null {
  const longest = longestWaiting(connection);
  return longest !== null && longest.sinceMs <= now.ms - lingerMs ? { why: 'oldest', itemId: longest.itemId } : null;
}

/** An item is as full as a call of it can be. */
function fillOf({ entries, lastFill }: Item, entriesMax: number): number {
  return Math.min(entries.length, lastFill ?? entriesMax, entriesMax);
}

interface Head {
  readonly itemId: string;
  readonly item: Item;
  readonly headMs: number;
}

export function oldestHead(connection: Connection): Head | null {
  return headsOf(connection).sort((a, b) => a.headMs - b.headMs)[0] ?? null;
}

interface Waiting extends Head {
  readonly sinceMs: number;
}

/** By age: an item waits since its head came, after a call not from earlier than its waitsFromMs. */
export function longestWaiting(connection: Connection): Waiting | null {
  return waitingItems(connection)[0] ?? null;
}

/** Items that have waited longer than this one; null: it does not wait. */
export function itemsBefore(connection: Connection, itemId: string): number | null {
  const at = waitingItems(connection).findIndex((waiting) => waiting.itemId === itemId);
  return at === -1 ? null : at;
}

function waitingItems(connection: Connection): Waiting[] {
  const waiting = headsOf(connection).map((head) => ({
    ...head,
    sinceMs: Math.max(head.headMs, head.item.waitsFromMs ?? 0),
  }));
  return waiting.sort((a, b) => a.sinceMs - b.sinceMs || byId(a, b));
}

function headsOf({ items }: Connection): Head[] {
  return [...items].map(([itemId, item]) => ({ itemId, item, headMs: acceptedMsOf(item.entries[0]!) }));
}

function byId(a: Head, b: Head): number {
  return a.itemId < b.itemId ? -1 : 1;
}
