/*
  A connection that holds as many activities as it may. Timeline: Graph takes nothing, producers fill the backlog to its cap and
  are refused with a time to come back; other connections go on; Graph takes again, the backlog drains, and what was refused is
  taken when it is sent again. The ledger has what was acknowledged, each once, and nothing else.
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { eventually } from '@sluice/testing';
import { drained } from '../support/conservation.ts';
import { startSystem } from '../support/start-system.ts';

const PENDING_MAX = 200;
const COUNT = 30;
const PERFORMER = { type: 'user', id: '6f1d2c3b-4a5e-4f60-8a7b-9c0d1e2f3a4b' };
const BEGIN_MS = Date.UTC(2026, 0, 1);
const GRAPH_AWAY = { shares: { '503': 1 } };

/** Thirty activities, each known by its time. */
function activitiesOf(request: number): readonly { readonly startDateTime: string }[] {
  return Array.from({ length: COUNT }, (_, n) => ({
    id: `r${request}-${n}`,
    itemId: `item-${n % 5}`,
    type: 'viewed',
    startDateTime: new Date(BEGIN_MS + request * 60_000 + n).toISOString(),
    performedBy: PERFORMER,
  }));
}

test('a full backlog: refused with Retry-After until Graph takes some, taken again then, and nothing is lost or doubled', async (t) => {
  const system = await startSystem({
    workers: 1,
    behavior: GRAPH_AWAY,
    env: { SLUICE_PENDING_MAX: String(PENDING_MAX) },
  });
  t.after(() => system.stop());
  const post = async (connection: string, request: number) => {
    const response = await fetch(`${system.intakes[0]!.url}/v1/connections/${connection}/activities`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ activities: activitiesOf(request) }),
    });
    const body = (await response.json()) as { readonly code?: string; readonly accepted?: number };
    return { status: response.status, retryAfter: response.headers.get('retry-after'), ...body };
  };
  const acknowledged: number[] = [];
  const refused: number[] = [];
  for (let request = 0; request < 10; request++) {
    const answer = await post('full', request);
    if (answer.status === 202) {
      assert.equal(answer.accepted, COUNT);
      acknowledged.push(request);
      continue;
    }
    assert.deepEqual([answer.status, answer.code], [503, 'backlog_full']);
    assert.match(answer.retryAfter ?? '', /^[1-9]\d*$/);
    assert.ok(Number(answer.retryAfter) <= 180, answer.retryAfter ?? '');
    refused.push(request);
  }
  assert.deepEqual(
    [acknowledged.length, refused.length],
    [Math.floor(PENDING_MAX / COUNT), 10 - Math.floor(PENDING_MAX / COUNT)],
  );
  assert.equal((await post('other', 0)).status, 202, 'another connection is not full');

  await system.emulator.behave({ rate: null, concurrency: null, shares: {} });
  for (const request of refused) {
    const taken = await eventually(
      async () => {
        const answer = await post('full', request);
        return answer.status === 202 && answer;
      },
      { withinMs: 90_000, what: 'there is room again' },
    );
    assert.equal(taken.accepted, COUNT, 'nothing of a refused request was stored');
  }
  await drained(system, ['full', 'other'], 90_000);
  const seen = (await system.emulator.ledger())
    .filter(({ connection, answered }) => connection === 'full' && answered)
    .map(({ activity }) => new Date(activity.startDateTime).toISOString())
    .sort();
  const sent = [...acknowledged, ...refused].flatMap((request) =>
    activitiesOf(request).map((one) => one.startDateTime),
  );
  assert.deepEqual(seen, sent.sort());
});
