/* One connection: what it does, the last hour, and what stands in its way. */
import { useEffect } from 'preact/hooks';
import { forSeconds } from '../../src/words/state-words.ts';
import { Forget } from '../parts/forget.tsx';
import { State } from '../parts/state.tsx';
import { Steer } from '../parts/steer.tsx';
import { Tile } from '../parts/tile.tsx';
import { drainWords, rate, since, steadyRate, whole } from '../state/format.ts';
import { fleet, nowMs, type Seen, seen } from '../state/live.ts';
import { lettersLink, OVERVIEW } from '../state/route.ts';
import { Charts } from './charts.tsx';
import { ItemLookup } from './item-lookup.tsx';
import { Errors, Items } from './items.tsx';

export function ConnectionPage({
  connectionId,
  itemId,
}: {
  readonly connectionId: string;
  readonly itemId: string | null;
}) {
  useEffect(() => {
    document.title = `${connectionId} · Sluice`;
  }, [connectionId]);
  const found = seen.value.find((each) => each.connection.connectionId === connectionId);
  if (found === undefined) {
    return (
      <p class="empty">
        {fleet.value === null ? (
          'Reading …'
        ) : (
          <>
            There is no connection <b>{connectionId}</b>; nothing was ever accepted for it.
          </>
        )}{' '}
        <a href={OVERVIEW}>All connections</a>
      </p>
    );
  }
  return (
    <>
      <Head seen={found} />
      <Figures seen={found} />
      <ItemLookup connectionId={connectionId} itemId={itemId} />
      <Charts connectionId={connectionId} />
      <Items connectionId={connectionId} />
      <Errors connectionId={connectionId} />
    </>
  );
}

function Head({ seen: { connection, words } }: { readonly seen: Seen }) {
  return (
    <section class={`head head-${words.urgency}`}>
      <p class="crumbs">
        <a href={OVERVIEW}>Connections</a> /
      </p>
      <div class="head-row">
        <h1>
          <bdi>{connection.connectionId}</bdi>
        </h1>
        <span class="steer">
          <Steer connection={connection} />
          <Forget connection={connection} />
        </span>
      </div>
      <p class="head-state">
        <State words={words} />
        {words.sinceMs !== null && <span class="dim"> for {forSeconds(nowMs.value - words.sinceMs)}</span>}
      </p>
      {words.remedy !== null && <p class="remedy">{words.remedy}</p>}
      {isClosed(connection) && (
        <p class="remedy">
          Nothing: Graph asked for this pause (429 with Retry-After). It goes on by itself; asking earlier would be
          refused.
        </p>
      )}
      {connection.reason !== null && (
        <p class="reason">
          <span class="dim">Graph or its sign-in said:</span> <code>{connection.reason}</code>
        </p>
      )}
    </section>
  );
}

function isClosed({ state, quota }: Seen['connection']): boolean {
  return state === 'closed' && quota?.closedUntil != null && Date.parse(quota.closedUntil) > nowMs.value;
}

function Figures({ seen: { connection, words } }: { readonly seen: Seen }) {
  const drain = drainWords(connection, words, nowMs.value);
  const { rates, quota, deadLetters, parkedEntries, connectionId } = connection;
  return (
    <dl class="tiles tiles-many">
      <Tile
        label="Backlog"
        value={whole(connection.pending)}
        note={connection.delayed > 0 ? `${whole(connection.delayed)} wait for a next try` : null}
      />
      <Tile label="Oldest waiting" value={since(connection.oldestPendingAt, nowMs.value)} />
      <Tile label="In" value={steadyRate(rates?.appendedPerSecond)} note="activities/s" />
      <Tile label="Out" value={steadyRate(rates?.deliveredPerSecond)} note="activities/s" />
      <Tile label="To drain" value={drain.brief} note={drain.note} />
      <Tile label="Fill" value={steadyRate(rates?.fill)} note="a call, of 20" />
      <Tile
        label="Quota used"
        value={steadyRate(rates?.callsPerSecond)}
        note={quota === null ? 'calls/s; nothing learned yet' : `of ${rate(quota.callsPerSecond)} calls/s learned`}
      />
      <Tile
        label="Calls in flight"
        value={whole(connection.callsInFlight)}
        note={`of ${connection.callsInFlightMax}`}
      />
      <Tile
        label="Dead, parked"
        value={
          <a href={lettersLink(connectionId)}>
            {whole(deadLetters)}, {whole(parkedEntries)}
          </a>
        }
        {...(deadLetters + parkedEntries > 0 && { tone: 'warn' as const })}
      />
      <Tile label="Delivered" value={whole(connection.delivered)} note={`of ${whole(connection.appended)} accepted`} />
      <Tile
        label="Tries repeated"
        value={whole(connection.retried)}
        note={connection.unknown > 0 ? `${whole(connection.unknown)} of unknown outcome: maybe delivered twice` : null}
      />
    </dl>
  );
}
