/* What lies inside a connection: the fullest and the oldest items, the last calls that went wrong, and one item looked up. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { useAsked } from '../parts/use-asked.ts';
import { clockTime, fullTime, since, whole } from '../state/format.ts';
import { nowMs } from '../state/live.ts';
import { connectionLink } from '../state/route.ts';

interface Waiting {
  readonly itemId: string;
  readonly pending: number;
  readonly oldestPendingAt: string;
}

interface ItemsAnswer {
  readonly itemsWaiting: number;
  readonly fullest: readonly Waiting[];
  readonly oldest: readonly Waiting[];
}

export interface Call {
  readonly at: string;
  readonly itemId: string;
  readonly leaseId: string;
  readonly status: string;
  readonly requestId: string | null;
  readonly reason: string;
  readonly durationMs: number;
  readonly delivered: number;
  readonly retried: number;
  readonly dead: number;
  readonly parked: number;
}

const ITEMS_EVERY_MS = 5000;
/** The newest say what is wrong now. */
const CALLS_FIRST = 10;
const CALLS_SHOWN = 50;

export function Items({ connectionId }: { readonly connectionId: string }) {
  const { value, problem } = useAsked<ItemsAnswer>(
    `/api/v1/connections/${encodeURIComponent(connectionId)}/items`,
    ITEMS_EVERY_MS,
  );
  return (
    <div class="columns">
      <ItemTable connectionId={connectionId} title="Fullest items" items={value?.fullest ?? null} problem={problem} />
      <ItemTable connectionId={connectionId} title="Oldest items" items={value?.oldest ?? null} problem={problem} />
    </div>
  );
}

interface ItemTableProps {
  readonly connectionId: string;
  readonly title: string;
  readonly items: readonly Waiting[] | null;
  readonly problem: string | null;
}

function ItemTable({ connectionId, title, items, problem }: ItemTableProps) {
  return (
    <section class="card" aria-label={title}>
      <h2>{title}</h2>
      {problem !== null && <p class="problem">{problem}</p>}
      {items?.length === 0 && <p class="dim">Nothing is waiting for a call.</p>}
      {items !== null && items.length > 0 && (
        <table>
          <thead>
            <tr>
              <th scope="col">Item</th>
              <th scope="col" class="number">
                Waiting
              </th>
              <th scope="col" class="number">
                Oldest
              </th>
            </tr>
          </thead>
          <tbody>
            {items.map((item) => (
              <tr key={item.itemId}>
                <th scope="row" class="wrap">
                  <a href={connectionLink(connectionId, item.itemId)}>
                    <bdi>{item.itemId}</bdi>
                  </a>
                </th>
                <td class="number">{whole(item.pending)}</td>
                <td class="number">{since(item.oldestPendingAt, nowMs.value)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

export function Errors({ connectionId }: { readonly connectionId: string }) {
  const path = `/api/v1/connections/${encodeURIComponent(connectionId)}/calls?errors=1`;
  const { value, problem } = useAsked<{ readonly calls: readonly Call[] }>(path, ITEMS_EVERY_MS);
  const [shown, setShown] = useState(CALLS_FIRST);
  const table = useRef<HTMLTableElement>(null);
  useEffect(() => {
    // The button is gone with what it did: on with the first row that it brought.
    if (shown > CALLS_FIRST) table.current?.tBodies[0]?.rows[CALLS_FIRST]?.querySelector('a')?.focus();
  }, [shown]);
  const more = Math.min(value?.calls.length ?? 0, CALLS_SHOWN) - shown;
  return (
    <section class="card" aria-label="Recent errors">
      <h2>
        Recent errors <span class="dim">calls that were not wholly delivered, newest first</span>
      </h2>
      {problem !== null && <p class="problem">{problem}</p>}
      {value?.calls.length === 0 && <p class="dim">None.</p>}
      {value !== null && value.calls.length > 0 && (
        <div class="scroll">
          <table class="cards errors" ref={table}>
            <thead>
              <tr>
                {['At', 'Item', 'Status', 'What Graph said', 'Request-id'].map((title) => (
                  <th key={title} scope="col">
                    {title}
                  </th>
                ))}
                <th scope="col" class="number">
                  Delivered, again, dead, parked
                </th>
              </tr>
            </thead>
            <tbody>
              {value.calls.slice(0, shown).map((call) => (
                <ErrorRow key={call.leaseId} connectionId={connectionId} call={call} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {more > 0 && (
        <button type="button" class="more" onClick={() => setShown(CALLS_SHOWN)}>
          Show {more} more
        </button>
      )}
    </section>
  );
}

function ErrorRow({ connectionId, call }: { readonly connectionId: string; readonly call: Call }) {
  return (
    <tr>
      <td title={fullTime(call.at)} class="nowrap" data-title="At">
        {clockTime(Date.parse(call.at))}
      </td>
      <th scope="row" class="wrap">
        <a href={connectionLink(connectionId, call.itemId)}>
          <bdi>{call.itemId}</bdi>
        </a>
      </th>
      <td data-title="Status">{call.status}</td>
      <td class="wrap wide" data-title="What Graph said">
        <bdi>{call.reason}</bdi>
      </td>
      <td class="wrap wide" data-title="Request-id">
        {call.requestId === null ? (
          <span class="dim" title="Graph gave none; this is the client-request-id">
            client <code>{call.leaseId}</code>
          </span>
        ) : (
          <code>{call.requestId}</code>
        )}
      </td>
      <td class="number" data-title="Delivered, again, dead, parked">
        {call.delivered}, {call.retried}, {call.dead}, {call.parked}
      </td>
    </tr>
  );
}
