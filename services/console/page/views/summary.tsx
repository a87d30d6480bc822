/* Is anything stuck, why, for how long, what do I do, and how many workers do I need? */
import { forSeconds, UNTAKEN } from '../../src/words/state-words.ts';
import { Mark } from '../parts/state.tsx';
import { Tile } from '../parts/tile.tsx';
import { clockTime, rate, since, whole } from '../state/format.ts';
import { fleet, link, nowMs, type Seen, seen } from '../state/live.ts';
import { connectionLink, lettersLink } from '../state/route.ts';

const NAMED_MAX = 5;
const CAUSES_MAX = 5;
const CLOSED_LONG_MS = 60_000;

export function Summary() {
  const stuck = seen.value.filter((each) => each.words.urgency === 'stuck').sort(byAge);
  const behind = seen.value.filter((each) => each.words.urgency === 'behind').sort(byAge);
  const alone = isWithoutWorker();
  const closed = seen.value.filter(isLongClosed).sort(byAge);
  const tone = stuck.length > 0 || alone ? 'stuck' : behind.length > 0 ? 'behind' : 'flowing';
  // That no worker takes them is then said once, of all.
  const causes = causesOf([...stuck, ...behind].filter(({ words }) => !alone || words.text !== UNTAKEN));
  // What was true once is not said in the colour of what is true.
  const isLive = link.value.kind === 'live';
  return (
    <section class={`summary summary-${isLive ? tone : 'past'}`} aria-labelledby="summary-title">
      <h2 id="summary-title" aria-live="polite">
        <Mark urgency={isLive ? tone : 'idle'} />
        {!isLive && `As of ${clockTime(Date.parse(fleet.value!.at))}: `}
        {alone ? 'No worker is running' : titleOf(stuck.length, behind.length, closed.length)}
      </h2>
      {(alone || causes.length + closed.length > 0) && (
        <ul>
          {alone && <NoWorker />}
          {causes.slice(0, CAUSES_MAX).map((cause) => (
            <CauseLine key={cause[0]!.connection.connectionId} cause={cause} />
          ))}
          {closed.length > 0 && <Closed of={closed} />}
        </ul>
      )}
      {causes.length > CAUSES_MAX && <p class="dim">and {causes.length - CAUSES_MAX} other causes, below</p>}
      <Letters />
    </section>
  );
}

/** Nobody said lately that he is there, and nothing was delivered lately: a worker of an older version says nothing. */
function isWithoutWorker(): boolean {
  const { workers, pending, deliveredPerSecond } = fleet.value!;
  return workers === 0 && pending > 0 && (deliveredPerSecond ?? 0) === 0;
}

function NoWorker() {
  const lastCalls = seen.value.map(({ connection }) => connection.lastCallSeenAt).filter((at) => at !== null);
  const last = lastCalls.length === 0 ? null : lastCalls.reduce((a, b) => (a > b ? a : b));
  return (
    <li>
      {whole(fleet.value!.pending)} waiting, and nothing is delivered.{' '}
      {last !== null && (
        <>
          The last call was seen at {clockTime(Date.parse(last))}, {since(last, nowMs.value)} ago.{' '}
        </>
      )}
      <span class="remedy">
        Start a worker: <code>npx sluice worker</code>. One that runs and is not seen here does not reach Redis; its log
        says why.
      </span>
    </li>
  );
}

function titleOf(stuck: number, behind: number, closed: number): string {
  if (stuck > 0) return `${stuck === 1 ? '1 connection is' : `${stuck} connections are`} stuck`;
  if (behind === 0 && closed === 0) return 'Nothing is stuck';
  if (behind === 0) {
    return `Nothing is stuck, but Graph lets ${closed === 1 ? '1 connection' : `${closed} connections`} wait`;
  }
  return `Nothing is stuck, but ${behind === 1 ? '1 connection falls' : `${behind} connections fall`} behind`;
}

/** A pause that Graph asked for is nobody's fault, and no news unless it is long. */
function isLongClosed({ connection, words }: Seen): boolean {
  const { state, oldestPendingAt } = connection;
  return (
    state === 'closed' &&
    words.urgency === 'waiting' &&
    oldestPendingAt !== null &&
    nowMs.value - Date.parse(oldestPendingAt) > CLOSED_LONG_MS
  );
}

function Closed({ of }: { readonly of: readonly Seen[] }) {
  const pending = of.reduce((sum, { connection }) => sum + connection.pending, 0);
  return (
    <li>
      <Names of={of.map(({ connection }) => connection.connectionId)} linkOf={connectionLink} /> {of[0]!.words.text};{' '}
      {whole(pending)} waiting.{' '}
      <span class="remedy">Nothing to do: Graph asked for this pause, and it ends by itself.</span>
    </li>
  );
}

/** A secret that ended stops every connection of its tenant: one cause, said once. */
function causesOf(list: readonly Seen[]): readonly (readonly Seen[])[] {
  const causes = new Map<string, Seen[]>();
  for (const each of list) {
    const key = `${each.words.text}\n${each.words.remedy}`;
    const same = causes.get(key);
    if (same === undefined) causes.set(key, [each]);
    else same.push(each);
  }
  return [...causes.values()];
}

function CauseLine({ cause }: { readonly cause: readonly Seen[] }) {
  const { connection, words } = cause[0]!;
  const pending = cause.reduce((sum, each) => sum + each.connection.pending, 0);
  const said = connection.reason !== null && !words.text.includes(connection.reason) ? connection.reason : null;
  return (
    <li>
      <Names of={cause.map((each) => each.connection.connectionId)} linkOf={connectionLink} /> {words.text}
      {words.sinceMs !== null && <>, for {forSeconds(nowMs.value - words.sinceMs)}</>}
      {pending > 0 && <>; {whole(pending)} waiting</>}.{' '}
      {said !== null && (
        <span class="said">
          It said: <code>{said}</code>
        </span>
      )}{' '}
      {words.remedy !== null && <span class="remedy">{words.remedy}</span>}
    </li>
  );
}

function Names({ of, linkOf }: { readonly of: readonly string[]; readonly linkOf: (id: string) => string }) {
  return (
    <>
      {of.slice(0, NAMED_MAX).map((id, n) => (
        <span key={id}>
          {n > 0 && ', '}
          <a href={linkOf(id)}>
            <bdi>{id}</bdi>
          </a>
        </span>
      ))}
      {of.length > NAMED_MAX && ` and ${of.length - NAMED_MAX} more`}
      {of.length > 1 && ':'}
    </>
  );
}

/** What waits for a decision is not stuck, but nobody else will take it. */
function Letters() {
  const kept = seen.value.filter(({ connection }) => connection.deadLetters + connection.parkedEntries > 0);
  if (kept.length === 0) return null;
  const dead = kept.reduce((total, { connection }) => total + connection.deadLetters, 0);
  const parked = kept.reduce((total, { connection }) => total + connection.parkedEntries, 0);
  const words = [
    ...(dead > 0 ? [dead === 1 ? '1 dead letter' : `${whole(dead)} dead letters`] : []),
    ...(parked > 0 ? [parked === 1 ? '1 parked entry' : `${whole(parked)} parked entries`] : []),
  ].join(' and ');
  return (
    <p class="letters-note">
      {words} {dead + parked === 1 ? 'waits' : 'wait'} for your decision:{' '}
      {kept.slice(0, NAMED_MAX).map(({ connection }, n) => (
        <span key={connection.connectionId}>
          {n > 0 && ', '}
          <a href={lettersLink(connection.connectionId)}>
            <bdi>{connection.connectionId}</bdi>
          </a>{' '}
          {whole(connection.deadLetters + connection.parkedEntries)}
        </span>
      ))}
      {kept.length > NAMED_MAX && ` and ${kept.length - NAMED_MAX} more`}.
    </p>
  );
}

function byAge(a: Seen, b: Seen): number {
  const ageOf = ({ words, connection }: Seen) =>
    words.sinceMs ?? Date.parse(connection.oldestPendingAt ?? '9999-01-01T00:00:00Z');
  return ageOf(a) - ageOf(b) || (a.connection.connectionId < b.connection.connectionId ? -1 : 1);
}

export function FleetTiles() {
  const now = fleet.value!;
  return (
    <dl class="tiles">
      <Tile
        label="Pending"
        value={whole(now.pending)}
        note={`of ${now.connections === 1 ? '1 connection' : `${whole(now.connections)} connections`}`}
      />
      <Tile label="Oldest waiting" value={since(now.oldestPendingAt, nowMs.value)} />
      <Tile label="In" value={rate(now.appendedPerSecond)} note="activities/s" />
      <Tile label="Out" value={rate(now.deliveredPerSecond)} note="activities/s" />
      <Tile label="Calls in flight" value={whole(now.callsInFlight)} />
      <Tile
        label="Dead letters, parked"
        value={`${whole(now.deadLetters)}, ${whole(now.parkedEntries)}`}
        {...(now.deadLetters + now.parkedEntries > 0 && { tone: 'warn' as const })}
      />
      <Tile
        label="Workers"
        value={whole(now.workers)}
        note={workersNote(now.workers, now.usefulWorkers)}
        {...(isWithoutWorker() && { tone: 'bad' as const })}
      />
      {now.tenants.map((each) => (
        <Tile
          key={each.tenant}
          label="Limit of tenant"
          value={rate(each.callsPerSecond)}
          note={
            each.closedUntil === null || Date.parse(each.closedUntil) <= nowMs.value
              ? `calls/s, ${each.tenant}`
              : `closed ${forSeconds(Date.parse(each.closedUntil) - nowMs.value)} more`
          }
        />
      ))}
    </dl>
  );
}

/** How many workers are needed, in words. */
function workersNote(workers: number, useful: number | null): string {
  if (useful === null) return 'how many are of use is not known yet';
  if (useful > workers) return `${whole(useful)} would be of use now`;
  return useful === workers ? 'all of use now' : `${whole(useful)} of use now; more deliver no faster`;
}
