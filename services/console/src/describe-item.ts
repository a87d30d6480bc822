/* One item, and why its activities are not in Graph yet: what is true of it, in sentences, most urgent first. */
import {
  type ConnectionView,
  decodeEntry,
  formatInstant,
  type ItemView,
  type SettledCall,
  type SettledEntry,
} from '@sluice/core';
import { describeDeadLetter } from './describe-dead-letter.ts';
import { count, forSeconds, type StateWords } from './words/state-words.ts';

export interface ItemFacts {
  readonly itemId: string;
  readonly item: ItemView;
  /** The first of its dead letters and parked entries. */
  readonly ended: readonly SettledEntry[];
  /** There are, or may be, more of them. */
  readonly endedMore: boolean;
  readonly view: ConnectionView;
  readonly words: StateWords;
  readonly shardTag: string;
}

export function describeItem({ itemId, item, ended, endedMore, view, words, shardTag }: ItemFacts) {
  const inFlight = sum(item.calls);
  const retrying = sum(item.retries);
  return {
    itemId,
    connectionId: view.connectionId,
    pending: item.waiting + inFlight + retrying,
    waiting: item.waiting,
    inFlight,
    retrying,
    nextTryAt: item.retries[0] === undefined ? null : formatInstant(item.retries[0].dueMs),
    itemsBefore: item.itemsBefore,
    calls: item.calls.map(({ leaseId, entries, endsMs }) => ({ leaseId, entries, endsAt: formatInstant(endsMs) })),
    retries: item.retries.map(({ entries, dueMs, whole }) => ({ entries, dueAt: formatInstant(dueMs), whole })),
    lastCall: item.lastCall === null ? null : describeCall(item.lastCall),
    dead: ended.filter((each) => each.state === 'dead').length,
    parked: ended.filter((each) => each.state === 'parked').length,
    deadLettersMore: endedMore,
    deadLetters: ended.map((each) => describeDeadLetter(each, shardTag)),
    activities: item.entries.map(describeEntry),
    explanation: explain(item, ended, words),
  };
}

export function describeCall({ atMs, ...call }: SettledCall) {
  return { at: formatInstant(atMs), ...call };
}

/** Of those that wait, without who did it: a console is open on many desks. */
function describeEntry(text: string) {
  const entry = decodeEntry(text);
  if (entry === null) return null;
  return {
    type: entry.activity.type,
    startDateTime: formatInstant(entry.activity.startMs),
    acceptedAt: formatInstant(entry.acceptedMs),
    attempts: entry.attempts,
  };
}

function explain(item: ItemView, ended: readonly SettledEntry[], words: StateWords): readonly string[] {
  const lines: string[] = [];
  const inFlight = sum(item.calls);
  if (inFlight > 0) lines.push(`${activities(inFlight)} in a call to Graph now.`);
  for (const { entries, dueMs } of item.retries.slice(0, 3))
    lines.push(`${activities(entries)} tried again ${whenTried(dueMs - item.nowMs, words)}.`);
  if (item.waiting > 0)
    lines.push(
      `${count(item.waiting)} ${item.waiting === 1 ? 'waits' : 'wait'} for a call: ${whyWaiting(item, words)}`,
    );
  const [dead] = ended;
  if (dead !== undefined) {
    lines.push(
      `${activities(ended.length)} kept as ${dead.state === 'dead' ? 'dead letter' : 'parked'}: ${dead.code}: ${dead.message}`,
    );
  }
  if (lines.length > 0) return lines;
  const { lastCall } = item;
  if (lastCall === null) {
    return [
      'Nothing of this item is pending or dead, and none of the last calls was for it. Either everything was delivered longer ago, or nothing was ever accepted for it: a receipt tells.',
    ];
  }
  return [
    `Nothing of this item is pending. Its last call was ${forSeconds(item.nowMs - lastCall.atMs)} ago and delivered ${count(lastCall.delivered)}.`,
  ];
}

function whenTried(inMs: number, words: StateWords): string {
  const when = inMs > 0 ? `in ${forSeconds(inMs)}` : 'at the next call';
  if (!isStopped(words)) return when;
  return `${inMs > 0 ? `${when} at the earliest` : 'when calls go on'}: the connection is ${words.text}`;
}

function isStopped({ urgency }: StateWords): boolean {
  return urgency !== 'flowing' && urgency !== 'idle';
}

function whyWaiting({ itemsBefore }: ItemView, words: StateWords): string {
  if (isStopped(words)) return `the connection is ${words.text}.`;
  if (itemsBefore === null || itemsBefore === 0) return 'its turn is next, as soon as the quota grants a call.';
  return `${count(itemsBefore)} ${itemsBefore === 1 ? 'item has' : 'items have'} waited longer. The fullest items go first, the oldest at every second call at the latest.`;
}

function activities(n: number): string {
  return n === 1 ? '1 activity is' : `${count(n)} activities are`;
}

function sum(groups: readonly { readonly entries: number }[]): number {
  return groups.reduce((total, { entries }) => total + entries, 0);
}
