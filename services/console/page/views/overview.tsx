/* All connections: what is stuck first. The summary answers an operator's questions before any row is read. */
import { useComputed, useSignal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import { URGENCIES } from '../../src/words/state-words.ts';
import { SteadyButton } from '../parts/steady-button.tsx';
import { fleet, link, type Seen, seen } from '../state/live.ts';
import { ConnectionTable } from './connection-table.tsx';
import { FleetTiles, Summary } from './summary.tsx';

const ROWS_A_PAGE = 50;

export function Overview() {
  const text = useSignal('');
  const urgency = useSignal('all');
  const page = useSignal(0);
  const search = useRef<HTMLInputElement>(null);
  const found = useComputed(() => {
    const wanted = text.value.trim().toLowerCase();
    return seen.value.filter((each) => {
      return (
        (urgency.value === 'all' || each.words.urgency === urgency.value) && (wanted === '' || matches(each, wanted))
      );
    });
  });
  useEffect(() => {
    document.title = 'Sluice';
    const focus = (event: KeyboardEvent) => {
      const typing =
        event.target instanceof Element && event.target.closest('input, textarea, select, dialog') !== null;
      if (event.key !== '/' || typing) return;
      event.preventDefault();
      search.current?.focus();
    };
    addEventListener('keydown', focus);
    return () => removeEventListener('keydown', focus);
  }, []);

  if (fleet.value === null) {
    const waiting = link.value.kind === 'redis-away' ? 'Waiting for Redis …' : 'Waiting for the console …';
    return <p class="empty">{link.value.kind === 'connecting' ? 'Reading connections …' : waiting}</p>;
  }
  const pages = Math.max(1, Math.ceil(found.value.length / ROWS_A_PAGE));
  const at = Math.min(page.value, pages - 1);
  const unshown = fleet.value.connections - fleet.value.connectionsShown;
  return (
    <>
      <h1 class="sr">Overview</h1>
      <Summary />
      <FleetTiles />
      <search class="filter">
        <input
          ref={search}
          type="search"
          placeholder="Filter by name, tenant or state  ( / )"
          aria-label="Filter connections by name, tenant or state"
          value={text.value}
          onInput={(event) => {
            text.value = event.currentTarget.value;
            page.value = 0;
          }}
        />
        <select
          aria-label="Show connections that are"
          value={urgency.value}
          onChange={(event) => {
            urgency.value = event.currentTarget.value;
            page.value = 0;
          }}
        >
          {['all', ...URGENCIES].map((each) => (
            <option key={each} value={each}>
              {each === 'all' ? `all (${seen.value.length})` : `${each} (${countOf(each)})`}
            </option>
          ))}
        </select>
        <Pager at={at} pages={pages} total={found.value.length} onPage={(next) => (page.value = next)} />
      </search>
      {seen.value.length > 0 && found.value.length === 0 ? (
        <p class="empty">No connection is like that.</p>
      ) : (
        <ConnectionTable all={found.value} from={at * ROWS_A_PAGE} count={ROWS_A_PAGE} />
      )}
      {unshown > 0 && <p class="dim">{unshown} more connections are not watched by this page; the API lists them.</p>}
    </>
  );
}

function countOf(urgency: string): number {
  return seen.value.filter((each) => each.words.urgency === urgency).length;
}

function matches({ connection, words }: Seen, wanted: string): boolean {
  return [connection.connectionId, connection.tenant ?? '', words.text, connection.reason ?? ''].some((text) =>
    text.toLowerCase().includes(wanted),
  );
}

interface PagerProps {
  readonly at: number;
  readonly pages: number;
  readonly total: number;
  readonly onPage: (page: number) => void;
}

function Pager({ at, pages, total, onPage }: PagerProps) {
  if (pages === 1) return <span class="dim pager">{total === 1 ? '1 connection' : `${total} connections`}</span>;
  return (
    <span class="pager">
      <SteadyButton off={at === 0} onPress={() => onPage(at - 1)}>
        Previous
      </SteadyButton>
      <span class="dim">
        {at * ROWS_A_PAGE + 1}–{Math.min(total, (at + 1) * ROWS_A_PAGE)} of {total}
      </span>
      <SteadyButton off={at === pages - 1} onPress={() => onPage(at + 1)}>
        Next
      </SteadyButton>
    </span>
  );
}
