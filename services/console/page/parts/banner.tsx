/* Says plainly when what is shown is no longer known to be true. */
import { clockTime } from '../state/format.ts';
import { connect, fleet, link } from '../state/live.ts';

export function Banner() {
  const at = link.value;
  if (at.kind === 'refused') {
    return (
      <div class="banner" role="alert">
        <strong>The console does not stream to this page.</strong> {at.sentence}
        <button type="button" onClick={connect}>
          Try now
        </button>
      </div>
    );
  }
  if (at.kind !== 'lost' && at.kind !== 'redis-away') return null;
  const asOf = fleet.value === null ? null : clockTime(Date.parse(fleet.value.at));
  return (
    <div class="banner" role="alert">
      <strong>
        {at.kind === 'lost' ? `The console has not answered since ${clockTime(at.sinceMs)}.` : redisWords(at.sinceMs)}
      </strong>{' '}
      {asOf === null ? 'There is nothing to show yet.' : `What you see is as of ${asOf} and may no longer be true.`}{' '}
      {at.kind === 'lost'
        ? 'Intakes and workers go on without it. See that it runs (npx sluice console) and that you reach it; this page tries again by itself.'
        : 'Nothing is accepted or delivered without Redis, and what was accepted is in it. See that the server of REDIS_URL runs and can be reached; this page goes on by itself when it answers.'}
      {at.kind === 'lost' && (
        <button type="button" onClick={connect}>
          Try now
        </button>
      )}
    </div>
  );
}

function redisWords(sinceMs: number | null): string {
  return sinceMs === null
    ? 'The console has not reached Redis yet.'
    : `The console answers, but Redis has not since ${clockTime(sinceMs)}.`;
}
