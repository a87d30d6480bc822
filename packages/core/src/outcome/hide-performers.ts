/*
  outcome: takes who did it out of what Graph says. A message may repeat the activity it is about, and goes where people's
  ids have no place: logs, reasons of holds, receipts, dead letters that outlive an erasure.
*/
import { decodeEntry } from '../activity/entry.ts';
import type { CallOutcome, EntryOutcome, Outcome } from './outcome.ts';
import { withoutControls } from './read-graph-error.ts';

const HIDDEN = '[performer]';

/** Of users and groups: whoever Graph may mean besides those of the call. It loses the ids of applications as well, which nobody needs here. */
const OBJECT_ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** At the end of a message that was cut, which this mark tells. */
const CUT = '…';
const CUT_OBJECT_ID = `[0-9a-f]{8}(?:-[0-9a-f]{0,12}){1,4}(?=${CUT})`;
/** Fewer characters of an id tell nobody who it is. */
const CUT_LENGTH_MIN = 3;

/**
 * The same outcome; where nothing was said, the same object. From Graph every object id is hidden; from ourselves
 * or the identity provider, who know no performers, only those of the call.
 */
export function hidePerformers(outcome: Outcome, entries: readonly string[], from: 'graph' | 'others'): Outcome {
  const { call } = outcome;
  const said = call.hold !== null || outcome.entries.some(({ message }) => message !== '');
  if (!said && call.reason === 'delivered') return outcome;
  const ids = idsOf(entries);
  const pattern = patternOf(ids, from);
  if (pattern === null) return outcome;
  const hide = (text: string) => hideCut(text.replace(pattern, HIDDEN), ids);
  const hold: CallOutcome['hold'] = call.hold === null ? null : { ...call.hold, reason: hide(call.hold.reason) };
  const unlisted = call.unlisted.map((error) => ({ ...error, excerpt: hide(error.excerpt) }));
  return {
    entries: outcome.entries.map(
      (entry): EntryOutcome => (entry.message === '' ? entry : { ...entry, message: hide(entry.message) }),
    ),
    call: { ...call, hold, unlisted, reason: hide(call.reason) },
  };
}

/** Of whoever performed something in the call, in each spelling, the longest first, so that an id that begins another leaves none of it. */
function idsOf(entries: readonly string[]): readonly string[] {
  const ids = new Set(entries.flatMap((entry) => spellingsOf(decodeEntry(entry)?.activity.performedBy.id ?? '')));
  return [...ids].sort((a, b) => b.length - a.length);
}

/** Whole words only: an id of one letter must not take that letter out of every word. Null: nobody to hide. */
function patternOf(ids: readonly string[], from: 'graph' | 'others'): RegExp | null {
  if (ids.length === 0 && from === 'others') return null;
  const known = ids.map((id) => id.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&'));
  const words = from === 'graph' ? [...known, OBJECT_ID, CUT_OBJECT_ID] : known;
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${words.join('|')})(?![\\p{L}\\p{N}])`, 'giu');
}

/** A message may have been cut in the middle of an id: what is left of it goes as well. */
function hideCut(text: string, ids: readonly string[]): string {
  if (!text.endsWith(CUT)) return text;
  const end = text.length - CUT.length;
  for (const id of ids) {
    for (let length = Math.min(id.length - 1, end); length >= CUT_LENGTH_MIN; length--) {
      const from = end - length;
      if (text.slice(from, end).toLowerCase() !== id.slice(0, length).toLowerCase()) continue;
      if (!/[\p{L}\p{N}]$/u.test(text.slice(0, from))) return `${text.slice(0, from)}${HIDDEN}${CUT}`;
    }
  }
  return text;
}

/** As it was sent, as a message that was made one line has it, and as JSON has it. */
function spellingsOf(id: string): readonly string[] {
  const inJson = JSON.stringify(id).slice(1, -1);
  return [id, inJson, ...[id, inJson].map(withoutControls)].filter((text) => text.trim() !== '');
}
