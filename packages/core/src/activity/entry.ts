/*
  The entry: an activity with our bookkeeping, as one string in Redis. Fixed columns, so that a script reads a column
  with string.sub and the worker joins a request body without parsing JSON.

    column      from  width
    version        0      1   'a'
    type           1      1   position in ACTIVITY_TYPES, plus 1
    start          2     10   startDateTime, milliseconds since 0001-01-01T00:00:00Z, base 36
    accepted      12      9   Redis's time at append, milliseconds since 1970, base 36; the append script writes it
    attempts      21      2   counted attempts, base 36; settle writes it
    firstTried    23      9   the connection's awake clock at the first counted attempt, base 36; zeros = none; settle writes it
    receipt       32     12   receipt id without its shard, or dashes = no receipt
    index         44      5   position in the request, base 36
    performer     49      1   position in PERFORMER_TYPES, plus 1
    performerId   50      *   as it stands inside JSON quotes (escaped)

  Columns 1 to 11 (type and start) are the *pair*: what Graph's answer is matched by. Two entries of one call never share it.
  The awake clock stands still while its connection is paused, held, closed or its breaker open.
*/
import { ACTIVITY_TYPES, type Activity, PERFORMER_TYPES } from './activity.ts';
import { formatInstant, INSTANT_MS_MIN } from './instant.ts';

export const ENTRY_VERSION = 'a';
export const ENTRY_ATTEMPTS_MAX = 1295; // two base-36 digits
export const RECEIPT_REF_LENGTH = 12;
export const NO_RECEIPT = '-'.repeat(RECEIPT_REF_LENGTH);
const ACCEPTED_UNSET = '0'.repeat(9);
const NEVER_TRIED = '0'.repeat(11);
const HEADER_LENGTH = 50;

/** An entry, read. */
export interface Entry {
  readonly activity: Activity;
  readonly acceptedMs: number;
  readonly attempts: number;
  /** The awake clock at the first counted attempt; null: none yet. */
  readonly firstTriedAwakeMs: number | null;
  readonly receiptRef: string | null;
  readonly index: number;
}

/** Encodes an accepted activity; `accepted` is left to the append script, so that Redis's clock is the only one. */
export function encodeEntry(activity: Activity, index: number, receiptRef: string | null): string {
  const type = ACTIVITY_TYPES.indexOf(activity.type) + 1;
  const performer = PERFORMER_TYPES.indexOf(activity.performedBy.type) + 1;
  const start = base36(activity.startMs - INSTANT_MS_MIN, 10);
  const id = JSON.stringify(activity.performedBy.id).slice(1, -1);
  return `${ENTRY_VERSION}${type}${start}${ACCEPTED_UNSET}${NEVER_TRIED}${receiptRef ?? NO_RECEIPT}${base36(index, 5)}${performer}${id}`;
}

/** Reads an entry; null when it is not one (written by a newer version, or by hand). */
export function decodeEntry(text: string): Entry | null {
  const type = ACTIVITY_TYPES[Number(text[1]) - 1];
  const performerType = PERFORMER_TYPES[Number(text[49]) - 1];
  const startMs = Number.parseInt(text.slice(2, 12), 36) + INSTANT_MS_MIN;
  if (text[0] !== ENTRY_VERSION || text.length < HEADER_LENGTH || !type || !performerType || Number.isNaN(startMs))
    return null;
  const id = unescapeJson(text.slice(HEADER_LENGTH));
  if (id === null) return null;
  const first = Number.parseInt(text.slice(23, 32), 36);
  const receipt = text.slice(32, 44);
  return {
    activity: { type, startMs, performedBy: { type: performerType, id } },
    acceptedMs: Number.parseInt(text.slice(12, 21), 36),
    attempts: Number.parseInt(text.slice(21, 23), 36),
    firstTriedAwakeMs: first === 0 ? null : first,
    receiptRef: receipt === NO_RECEIPT ? null : receipt,
    index: Number.parseInt(text.slice(44, 49), 36),
  };
}

/** Type and start of an entry as stored: equal exactly when two entries could not be told apart in Graph's answer. */
export function pairOf(entry: string): string {
  return entry.slice(1, 12);
}

/** One member of Graph's `activities`, joined from the columns without parsing. Undefined behaviour for what decodeEntry refuses. */
export function entryToGraphJson(entry: string): string {
  const type = ACTIVITY_TYPES[Number(entry[1]) - 1];
  const start = formatInstant(Number.parseInt(entry.slice(2, 12), 36) + INSTANT_MS_MIN);
  const performer = PERFORMER_TYPES[Number(entry[49]) - 1];
  return (
    `{"@odata.type":"#microsoft.graph.externalConnectors.externalActivity","type":"${type}","startDateTime":"${start}",` +
    `"performedBy":{"type":"${performer}","id":"${entry.slice(HEADER_LENGTH)}"}}`
  );
}

function base36(n: number, width: number): string {
  return n.toString(36).padStart(width, '0');
}

function unescapeJson(text: string): string | null {
  try {
    const value: unknown = JSON.parse(`"${text}"`);
    return typeof value === 'string' ? value : null;
  } catch {
    return null;
  }
}
