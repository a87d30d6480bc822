/* The connections as a table for people: what is stuck first, then by backlog. */
import { formatTable } from './format-table.ts';

export interface ConnectionStatus {
  readonly connectionId: string;
  readonly state: string;
  readonly urgency?: string;
  /** The state in words, and what to do about it; null: nothing. */
  readonly stateText?: string;
  readonly remedy?: string | null;
  readonly pending: number;
  readonly oldestPendingAt: string | null;
  readonly rates: { readonly appendedPerSecond: number; readonly deliveredPerSecond: number } | null;
  readonly quota: { readonly callsPerSecond: number } | null;
  readonly deadLetters: number;
  readonly parkedEntries: number;
  readonly timeToDrain: string;
}

const HEAD = ['CONNECTION', 'STATE', 'PENDING', 'OLDEST', 'IN/S', 'OUT/S', 'QUOTA/S', 'DEAD', 'PARKED', 'DRAINED IN'];
const URGENCIES = ['stuck', 'behind', 'waiting', 'flowing', 'idle'];

export function tableOf(connections: readonly ConnectionStatus[]): readonly string[] {
  const rank = ({ urgency = 'idle' }: ConnectionStatus) => URGENCIES.indexOf(urgency);
  const sorted = [...connections].sort((a, b) => rank(a) - rank(b) || b.pending - a.pending);
  return formatTable(HEAD, sorted.map(rowOf)).trimEnd().split('\n');
}

function rowOf(one: ConnectionStatus): readonly string[] {
  return [
    one.connectionId,
    one.stateText ?? one.state,
    String(one.pending),
    one.oldestPendingAt ?? '-',
    one.rates === null ? '-' : String(one.rates.appendedPerSecond),
    one.rates === null ? '-' : String(one.rates.deliveredPerSecond),
    one.quota === null ? '-' : String(one.quota.callsPerSecond),
    String(one.deadLetters),
    String(one.parkedEntries),
    one.timeToDrain,
  ];
}
