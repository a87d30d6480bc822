/* Why is an item's activity not in Graph? Looked up by its id, and again every few seconds while it is open. */
import { useEffect, useRef } from 'preact/hooks';
import { useAsked } from '../parts/use-asked.ts';
import { fullTime, whole } from '../state/format.ts';
import { nowMs } from '../state/live.ts';
import { connectionLink, lettersLink } from '../state/route.ts';
import type { Call } from './items.tsx';

interface ItemAnswer {
  readonly itemId: string;
  readonly pending: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly retrying: number;
  readonly nextTryAt: string | null;
  readonly lastCall: Call | null;
  readonly dead: number;
  readonly parked: number;
  readonly deadLettersMore: boolean;
  readonly explanation: readonly string[];
}

const EVERY_MS = 3000;

export function ItemLookup({
  connectionId,
  itemId,
}: {
  readonly connectionId: string;
  readonly itemId: string | null;
}) {
  const place = useRef<HTMLElement>(null);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (field.current !== null) field.current.value = itemId ?? '';
    if (itemId === null) return;
    place.current?.scrollIntoView({ block: 'nearest' });
    // Come by a link further down: what it leads to is up here.
    if (place.current?.contains(document.activeElement) !== true) place.current?.focus({ preventScroll: true });
  }, [itemId]);
  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const wanted = String(new FormData(event.currentTarget as HTMLFormElement).get('item') ?? '').trim();
    if (wanted !== '') location.hash = connectionLink(connectionId, wanted);
  }
  return (
    <section class="card lookup" ref={place} tabIndex={-1} aria-label="Look up an item">
      <h2>
        Look up an item <span class="dim">why is its activity not there?</span>
      </h2>
      <form class="filter" onSubmit={submit}>
        <input
          ref={field}
          name="item"
          aria-label="Item id"
          placeholder="Item id"
          defaultValue={itemId ?? ''}
          maxLength={128}
          required
        />
        <button type="submit">Look up</button>
        {itemId !== null && (
          <a href={connectionLink(connectionId)} onClick={() => field.current?.focus()}>
            Close
          </a>
        )}
      </form>
      {itemId !== null && <Found key={itemId} connectionId={connectionId} itemId={itemId} />}
    </section>
  );
}

function isDue(instant: string | null): boolean {
  return instant !== null && Date.parse(instant) <= nowMs.value;
}

function Found({ connectionId, itemId }: { readonly connectionId: string; readonly itemId: string }) {
  const { value, problem } = useAsked<ItemAnswer>(
    `/api/v1/connections/${encodeURIComponent(connectionId)}/items/${encodeURIComponent(itemId)}`,
    EVERY_MS,
  );
  if (value === null) return <p class={problem === null ? 'dim' : 'problem'}>{problem ?? 'Looking …'}</p>;
  const { lastCall } = value;
  return (
    <div>
      {problem !== null && <p class="problem">{problem}</p>}
      <ul class="explanation">
        {value.explanation.map((line) => (
          <li key={line}>
            <bdi>{line}</bdi>
          </li>
        ))}
      </ul>
      <dl class="facts">
        <dt>Pending</dt>
        <dd>
          {whole(value.pending)}: {whole(value.waiting)} waiting, {whole(value.inFlight)} in flight,{' '}
          {whole(value.retrying)} to be tried again
        </dd>
        <dt>Next try</dt>
        <dd>{isDue(value.nextTryAt) ? 'due: at the next call' : fullTime(value.nextTryAt)}</dd>
        <dt>Last call</dt>
        <dd>
          {lastCall === null ? (
            'not among the calls that are kept'
          ) : (
            <>
              {fullTime(lastCall.at)}, status {lastCall.status}, {lastCall.delivered} delivered
              {lastCall.reason !== '' && (
                <>
                  , <bdi>{lastCall.reason.replace(/\.$/, '')}</bdi>
                </>
              )}
              , request-id <code>{lastCall.requestId ?? 'none'}</code>, client-request-id{' '}
              <code>{lastCall.leaseId}</code>
            </>
          )}
        </dd>
        <dt>Dead, parked</dt>
        <dd>
          <a href={lettersLink(connectionId, { itemId })}>
            {value.dead}, {value.parked}
          </a>
          {value.deadLettersMore && ' and perhaps more'}
        </dd>
      </dl>
    </div>
  );
}
