/* Is anything stuck, why, for how long, what do I do, and how many workers do I need? */
import { forSeconds } from '../../src/words/state-words.ts';
import { Mark } from '../parts/state.tsx';
import { Tile } from '../parts/tile.tsx';
import { NONE, rate, since, whole } from '../state/format.ts';
import { fleet, nowMs, type Seen, seen } from '../state/live.ts';
import { connectionLink, lettersLink } from '../state/route.ts';

const NAMED_MAX = 5;

export function Summary() {
  const stuck = seen.value.filter((each) => each.words.urgency === 'stuck').sort(byAge);
  const behind = seen.value.filter((each) => each.words.urgency === 'behind').sort(byAge);
  const tone = stuck.length > 0 ? 'stuck' : behind.length > 0 ? 'behind' : 'flowing';
  return (
    <section class={`summary summary-${tone}`} aria-labelledby="summary-title">
      <h2 id="summary-title" aria-live="polite">
        <Mark urgency={tone} />
        {titleOf(stuck.length, behind.length)}
      </h2>
      {(stuck.length > 0 || behind.length > 0) && (
        <ul>
          {[...stuck, ...behind].slice(0, NAMED_MAX).map((each) => (
            <Cause key={each.connection.connectionId} seen={each} />
          ))}
        </ul>
      )}
      {stuck.length + behind.length > NAMED_MAX && (
        <p class="dim">and {stuck.length + behind.length - NAMED_MAX} more, below</p>
      )}
      <Letters />
    </section>
  );
}

function titleOf(stuck: number, behind: number): string {
  if (stuck > 0) return `${stuck === 1 ? '1 connection is' : `${stuck} connections are`} stuck`;
  if (behind === 0) return 'Nothing is stuck';
  return `Nothing is stuck, but ${behind === 1 ? '1 connection falls' : `${behind} connections fall`} behind`;
}

function Cause({ seen: { connection, words } }: { readonly seen: Seen }) {
  return (
    <li>
      <a href={connectionLink(connection.connectionId)}>
        <bdi>{connection.connectionId}</bdi>
      </a>{' '}
      {words.text}
      {words.sinceMs !== null && <>, for {forSeconds(nowMs.value - words.sinceMs)}</>}
      {connection.pending > 0 && <>; {whole(connection.pending)} waiting</>}.{' '}
      {words.remedy !== null && <span class="remedy">{words.remedy}</span>}
    </li>
  );
}

/** What waits for a decision is not stuck, but nobody else will take it. */
function Letters() {
  const kept = seen.value.filter(({ connection }) => connection.deadLetters + connection.parkedEntries > 0);
  if (kept.length === 0) return null;
  const sum = kept.reduce((total, { connection }) => total + connection.deadLetters + connection.parkedEntries, 0);
  return (
    <p class="letters-note">
      {whole(sum)} dead letters and parked entries wait for your decision:{' '}
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
  const workers = now.usefulWorkers;
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
        label="Useful workers"
        value={workers === null ? NONE : whole(workers)}
        note={workers === null ? 'not known yet' : 'more only earn 429s'}
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
