/* Dead letters and parked entries of a connection: filtered, looked at, replayed, discarded, exported. */
import { useSignal } from '@preact/signals';
import { useEffect } from 'preact/hooks';
import { confirm, show } from '../parts/dialogs.tsx';
import { focusOn } from '../parts/focus-on.ts';
import { SteadyButton } from '../parts/steady-button.tsx';
import { useAsked } from '../parts/use-asked.ts';
import { mayOperate } from '../state/ask.ts';
import { fullTime, whole } from '../state/format.ts';
import { fleet, seen } from '../state/live.ts';
import { connectionLink, OVERVIEW } from '../state/route.ts';
import { changeAll, exportAll, type Letter, lettersPath, type Run, runOf, stopRun } from './letter-runs.ts';
import { FilterForm } from './letters-filter.tsx';

interface LettersAnswer {
  readonly entries: readonly Letter[];
  readonly next: string | null;
}

type Filter = Readonly<Record<string, string>>;

const PAGE = 100;
const EVERY_MS = 10_000;

export function LettersPage({ connectionId, filter }: { readonly connectionId: string; readonly filter: Filter }) {
  const cursors = useSignal<readonly string[]>([]);
  const chosen = useSignal<ReadonlySet<string>>(new Set());
  const cursor = cursors.value.at(-1);
  const query = new URLSearchParams({ ...filter, limit: String(PAGE), ...(cursor !== undefined && { cursor }) });
  const { value, problem, again } = useAsked<LettersAnswer>(`${lettersPath(connectionId)}?${query}`, EVERY_MS);
  const filterText = JSON.stringify(filter);
  useEffect(() => {
    document.title = `Dead letters of ${connectionId} · Sluice`;
    cursors.value = [];
    chosen.value = new Set();
  }, [connectionId, filterText]);
  const run = runOf(connectionId);
  const entries = value?.entries ?? [];
  const picked = entries.filter((letter) => chosen.value.has(letter.id)).map((letter) => letter.id);

  async function change(action: 'replay' | 'discard', ids: readonly string[] | null): Promise<void> {
    if (!(await confirmChange({ action, count: ids?.length ?? null, filter, kept: keptOf(connectionId, filter) })))
      return;
    chosen.value = new Set();
    await changeAll({
      connectionId,
      action,
      choice: ids === null ? { filter } : { ids },
      total: keptOf(connectionId, filter),
    });
    cursors.value = [];
    again();
  }

  return (
    <>
      <p class="crumbs">
        <a href={OVERVIEW}>Connections</a> / <a href={connectionLink(connectionId)}>{connectionId}</a> /
      </p>
      <section class="head">
        <h1>Dead letters and parked</h1>
        <Counts connectionId={connectionId} />
      </section>
      <FilterForm connectionId={connectionId} filter={filter} />
      <div class="bulk">
        {mayOperate() && (
          <>
            <SteadyButton
              class="primary"
              off={picked.length === 0 || isBusy(run)}
              onPress={() => void change('replay', picked)}
            >
              Replay {picked.length} selected
            </SteadyButton>
            <SteadyButton off={picked.length === 0 || isBusy(run)} onPress={() => void change('discard', picked)}>
              Discard {picked.length} selected
            </SteadyButton>
            <SteadyButton off={entries.length === 0 || isBusy(run)} onPress={() => void change('replay', null)}>
              Replay all that match
            </SteadyButton>
            <SteadyButton off={entries.length === 0 || isBusy(run)} onPress={() => void change('discard', null)}>
              Discard all that match
            </SteadyButton>
          </>
        )}
        <SteadyButton
          off={entries.length === 0 || isBusy(run)}
          title="A line each, as sluice post reads them"
          onPress={() => void exportAll({ connectionId, filter, total: keptOf(connectionId, filter) })}
        >
          Export as NDJSON
        </SteadyButton>
        <Pages cursors={cursors.value} next={value?.next ?? null} onChange={(next) => (cursors.value = next)} />
      </div>
      {run !== null && <Progress connectionId={connectionId} run={run} />}
      {problem !== null && (
        <p class="problem" role="alert">
          {problem}
        </p>
      )}
      {value !== null && (
        <LetterTable
          entries={entries}
          isLast={value.next === null}
          chosen={chosen.value}
          onChoose={(next) => (chosen.value = next)}
        />
      )}
    </>
  );
}

function isBusy(run: Run | null): boolean {
  return run !== null && run.ended === null;
}

function keptOf(connectionId: string, filter: Filter): number {
  const connection = seen.value.find((each) => each.connection.connectionId === connectionId)?.connection;
  if (connection === undefined) return 0;
  const { deadLetters, parkedEntries } = connection;
  return filter['state'] === 'dead'
    ? deadLetters
    : filter['state'] === 'parked'
      ? parkedEntries
      : deadLetters + parkedEntries;
}

interface Asked {
  readonly action: 'replay' | 'discard';
  /** Null: all that match. */
  readonly count: number | null;
  readonly filter: Filter;
  /** How many there are at most. */
  readonly kept: number;
}

function confirmChange({ action, count, filter, kept }: Asked): Promise<boolean> {
  const isNarrow = Object.keys(filter).some((name) => name !== 'state');
  const all = isNarrow ? `all of the ${whole(kept)} that match the filter` : `all ${whole(kept)}`;
  const what = count === null ? all : count === 1 ? 'this one' : `these ${whole(count)}`;
  const body =
    action === 'replay'
      ? 'They are sent to Graph again as if never tried. One that was delivered after all is then there twice.'
      : 'They are removed for good and will never be delivered. Export them first if you may need them.';
  const title = `${action === 'replay' ? 'Replay' : 'Discard'} ${what}?`;
  return confirm({
    title,
    body: <p>{body}</p>,
    label: action === 'replay' ? 'Replay' : 'Discard',
    dangerous: action === 'discard',
  });
}

function Counts({ connectionId }: { readonly connectionId: string }) {
  const connection = seen.value.find((each) => each.connection.connectionId === connectionId)?.connection;
  if (connection === undefined)
    return <p class="dim">{fleet.value === null ? 'Reading …' : 'Nothing was ever accepted for this connection.'}</p>;
  return (
    <p class="dim">
      {whole(connection.deadLetters)} dead: Graph refused them for good, or they are out of attempts.{' '}
      {whole(connection.parkedEntries)} parked: nobody knows whether they were delivered. Both are kept until you
      decide.
    </p>
  );
}

function Progress({ connectionId, run }: { readonly connectionId: string; readonly run: Run }) {
  const done = `${whole(run.done)} ${run.verb}`;
  return (
    <div class="progress" role="status">
      {run.ended === null && <progress max={Math.max(run.total, run.done, 1)} value={run.done} aria-label={run.verb} />}
      <span>
        {done}
        {run.note !== null && <span class={run.ended === 'failed' ? 'problem' : 'dim'}> {run.note}</span>}
      </span>
      <button
        type="button"
        onClick={() => {
          // What closes takes its button along.
          if (run.ended !== null) focusOn('.bulk button');
          stopRun(connectionId);
        }}
      >
        {run.ended === null ? 'Stop' : 'Close'}
      </button>
    </div>
  );
}

interface PagesProps {
  readonly cursors: readonly string[];
  readonly next: string | null;
  readonly onChange: (cursors: readonly string[]) => void;
}

function Pages({ cursors, next, onChange }: PagesProps) {
  if (cursors.length === 0 && next === null) return null;
  return (
    <span class="pager">
      <SteadyButton off={cursors.length === 0} onPress={() => onChange(cursors.slice(0, -1))}>
        Previous
      </SteadyButton>
      <span class="dim">page {cursors.length + 1}</span>
      <SteadyButton off={next === null} onPress={() => next !== null && onChange([...cursors, next])}>
        Next
      </SteadyButton>
    </span>
  );
}

interface LetterTableProps {
  readonly entries: readonly Letter[];
  readonly isLast: boolean;
  readonly chosen: ReadonlySet<string>;
  readonly onChoose: (chosen: ReadonlySet<string>) => void;
}

function LetterTable({ entries, isLast, chosen, onChoose }: LetterTableProps) {
  if (entries.length === 0) {
    return (
      <p class="empty">{isLast ? 'None is kept that matches.' : 'None on this page matches; go on to the next.'}</p>
    );
  }
  const all = entries.every((letter) => chosen.has(letter.id));
  const toggle = (id: string, on: boolean) => {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    onChoose(next);
  };
  return (
    <div class="scroll">
      <table class="cards letters">
        <thead>
          <tr>
            <th scope="col">
              <label>
                <input
                  type="checkbox"
                  aria-label="Select all on this page"
                  checked={all}
                  onChange={() => onChoose(all ? new Set() : new Set(entries.map((letter) => letter.id)))}
                />
                <span class="narrow"> all on this page</span>
              </label>
            </th>
            {['State', 'Item', 'Activity', 'Code', 'Message', 'Request-id', 'Attempts', 'Ended'].map((title) => (
              <th key={title} scope="col">
                {title}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {entries.map((letter) => (
            <tr key={letter.id} class={chosen.has(letter.id) ? 'picked' : undefined}>
              <td class="pick">
                <input
                  type="checkbox"
                  aria-label={`Select ${letter.id}`}
                  checked={chosen.has(letter.id)}
                  onChange={(event) => toggle(letter.id, event.currentTarget.checked)}
                />
              </td>
              <td data-title="State">{letter.state}</td>
              <th scope="row">
                <button
                  type="button"
                  class="plain wrap"
                  onClick={() => inspect(letter)}
                  aria-label={`Show ${letter.id} of item ${letter.itemId}`}
                >
                  <bdi>{letter.itemId}</bdi>
                </button>
              </th>
              <td data-title="Activity">{letter.activity?.type ?? 'of a newer version'}</td>
              <td class="wrap" data-title="Code">
                <code>{letter.code}</code>
              </td>
              <td class="wrap wide" data-title="Message">
                <bdi>{letter.message}</bdi>
              </td>
              <td class="wrap wide" data-title="Request-id">
                {letter.requestId === null ? '–' : <code>{letter.requestId}</code>}
              </td>
              <td class="number" data-title="Attempts">
                {letter.attempts ?? '–'}
              </td>
              <td class="number" data-title="Ended">
                {fullTime(letter.settledAt)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function inspect(letter: Letter): void {
  show(
    `${letter.state === 'dead' ? 'Dead letter' : 'Parked entry'} of item ${letter.itemId}`,
    <pre>{JSON.stringify(letter, null, 2)}</pre>,
  );
}
