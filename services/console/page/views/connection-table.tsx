/* The table of connections. In its own order a row moves only when its state changes: nothing jumps from under a pointer. */
import { useSignal } from '@preact/signals';
import { URGENCIES } from '../../src/words/state-words.ts';
import { State } from '../parts/state.tsx';
import { Steer } from '../parts/steer.tsx';
import { drainWords, NONE, rate, since, steadyRate, whole } from '../state/format.ts';
import { nowMs, type Seen } from '../state/live.ts';
import { connectionLink, lettersLink } from '../state/route.ts';

type Order = 'state' | 'name' | 'pending' | 'oldest' | 'in' | 'out' | 'fill' | 'quota' | 'flight' | 'drain' | 'kept';

const COLUMNS: readonly {
  readonly order: Order;
  readonly title: string;
  readonly hint: string;
  readonly number: boolean;
}[] = [
  { order: 'name', title: 'Connection', hint: 'by name', number: false },
  { order: 'state', title: 'State', hint: 'what is stuck first', number: false },
  { order: 'pending', title: 'Backlog', hint: 'activities accepted and not yet delivered', number: true },
  { order: 'oldest', title: 'Oldest', hint: 'how long the oldest has waited', number: true },
  { order: 'in', title: 'In /s', hint: 'activities accepted a second', number: true },
  { order: 'out', title: 'Out /s', hint: 'activities delivered a second', number: true },
  { order: 'fill', title: 'Fill', hint: 'activities a call, of 20', number: true },
  { order: 'quota', title: 'Calls /s', hint: 'used of what was learned', number: true },
  { order: 'flight', title: 'In flight', hint: 'calls, of those that may be', number: true },
  { order: 'drain', title: 'To drain', hint: 'until it is empty at this rate', number: true },
  { order: 'kept', title: 'Dead, parked', hint: 'wait for your decision', number: true },
];

const VALUES: Readonly<Record<Exclude<Order, 'state' | 'name'>, (seen: Seen) => number>> = {
  pending: ({ connection }) => connection.pending,
  oldest: ({ connection }) => (connection.oldestPendingAt === null ? 0 : -Date.parse(connection.oldestPendingAt)),
  in: ({ connection }) => connection.rates?.appendedPerSecond ?? 0,
  out: ({ connection }) => connection.rates?.deliveredPerSecond ?? 0,
  fill: ({ connection }) => connection.rates?.fill ?? 0,
  quota: ({ connection }) => connection.quota?.callsPerSecond ?? 0,
  flight: ({ connection }) => connection.callsInFlight,
  drain: ({ connection }) => connection.timeToDrainSeconds ?? Number.MAX_VALUE,
  kept: ({ connection }) => connection.deadLetters + connection.parkedEntries,
};

export function ConnectionTable({
  all,
  from,
  count,
}: {
  readonly all: readonly Seen[];
  readonly from: number;
  readonly count: number;
}) {
  const order = useSignal<Order>('state');
  const rows = sorted(all, order.value).slice(from, from + count);
  if (all.length === 0) {
    return (
      <p class="empty">
        No connection. One appears here with its first activity.
        <br />
        Send one to the intake: <code>POST /v1/connections/NAME/items/ITEM/activities</code>; <code>npm start</code>{' '}
        prints a whole command.
      </p>
    );
  }
  return (
    <div class="scroll">
      <table class="cards connections">
        <thead>
          <tr>
            {COLUMNS.map(({ order: own, title, hint, number }) => (
              <th
                key={own}
                scope="col"
                class={number ? 'number' : undefined}
                aria-sort={order.value === own ? (number ? 'descending' : 'ascending') : undefined}
              >
                <button type="button" class="sort" title={hint} onClick={() => (order.value = own)}>
                  {title}
                </button>
              </th>
            ))}
            <th scope="col">
              <span class="sr">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((each) => (
            <Row key={each.connection.connectionId} seen={each} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Row({ seen: { connection, words } }: { readonly seen: Seen }) {
  const { connectionId, tenant, rates, quota, deadLetters, parkedEntries } = connection;
  const kept = deadLetters + parkedEntries;
  const drain = drainWords(connection, words, nowMs.value);
  return (
    <tr class={`row-${words.urgency}`}>
      <th scope="row">
        <a href={connectionLink(connectionId)}>
          <bdi>{connectionId}</bdi>
        </a>
        {tenant !== null && tenant !== 'default' && <span class="dim"> {tenant}</span>}
      </th>
      <td class="words">
        <State words={words} />
      </td>
      <td class="number strong" data-title="Backlog">
        {whole(connection.pending)}
      </td>
      <td class="number" data-title="Oldest">
        {since(connection.oldestPendingAt, nowMs.value)}
      </td>
      <td class="number" data-title="In /s">
        {steadyRate(rates?.appendedPerSecond)}
      </td>
      <td class="number" data-title="Out /s">
        {steadyRate(rates?.deliveredPerSecond)}
      </td>
      <td class="number" data-title="Fill">
        {steadyRate(rates?.fill)}
      </td>
      <td class="number" data-title="Calls /s">
        {steadyRate(rates?.callsPerSecond)}{' '}
        <span class="dim">of {quota === null ? NONE : rate(quota.callsPerSecond)}</span>
      </td>
      <td class="number" data-title="In flight">
        {connection.callsInFlight} <span class="dim">of {connection.callsInFlightMax}</span>
      </td>
      <td class="number" title={drain.hint} data-title="To drain">
        {drain.brief}
      </td>
      <td class="number" data-title="Dead, parked">
        {kept === 0 ? '0' : <a href={lettersLink(connectionId)}>{`${whole(deadLetters)}, ${whole(parkedEntries)}`}</a>}
      </td>
      <td class="actions">
        <Steer connection={connection} brief />
      </td>
    </tr>
  );
}

function sorted(all: readonly Seen[], order: Order): readonly Seen[] {
  if (order === 'name') return [...all].sort(byName);
  if (order === 'state') return [...all].sort(byUrgency);
  const value = VALUES[order];
  return [...all].sort((a, b) => value(b) - value(a) || byName(a, b));
}

function byName(a: Seen, b: Seen): number {
  return a.connection.connectionId < b.connection.connectionId ? -1 : 1;
}

function byUrgency(a: Seen, b: Seen): number {
  const rank = ({ words }: Seen) => URGENCIES.indexOf(words.urgency);
  // Of those that stand still, the longest first; those that flow stay where they are.
  const age = ({ words, connection }: Seen) =>
    words.urgency === 'flowing' || words.urgency === 'idle'
      ? 0
      : Date.parse(connection.oldestPendingAt ?? '9999-01-01T00:00:00Z');
  return rank(a) - rank(b) || age(a) - age(b) || byName(a, b);
}
