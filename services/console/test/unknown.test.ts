/* /api/v1/connections/{id}/unknown: which calls left entries in doubt. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeEntries, makePiece, makeRequeue, makeSettle, makeSettlement, makeTake } from '@sluice/testing';
import { openTestConsole } from './open-test-console.ts';

const PATH = '/api/v1/connections/hr1/unknown';

test('calls whose answer was lost are listed by their client-request-id, page by page', async () => {
  const { store, get, clock } = openTestConsole();
  const connectionId = 'hr1';
  await store.append(makePiece({ connectionId, lingerMs: 0, groups: [{ itemId: 'a', entries: makeEntries(6) }] }));
  for (const leaseId of ['guid-1', 'guid-2', 'guid-3']) {
    await clock.advance(1000);
    const taken = await store.take(
      makeTake({ connectionId, leaseId, lingerMs: 0, entriesMax: 2, intervalInitialUs: 1 }),
    );
    assert.ok(taken.status === 'leased');
    const again = makeRequeue({ delayMs: 60_000 });
    const settlement = makeSettlement([again, again], { unknown: { entries: 2, reason: `timeout of ${leaseId}` } });
    await store.settle(makeSettle({ connectionId, leaseId, epoch: taken.epoch, settlement }));
  }
  const first = await get(`${PATH}?limit=2`);
  assert.equal(first.status, 200);
  const [newest, second] = first.body['unknown'] as Record<string, unknown>[];
  assert.deepEqual([newest!['clientRequestId'], newest!['itemId'], newest!['entries']], ['guid-3', 'a', 2]);
  assert.equal(newest!['reason'], 'timeout of guid-3');
  assert.match(String(newest!['at']), /^\d{4}-\d\d-\d\dT.*Z$/);
  assert.equal(second!['clientRequestId'], 'guid-2');
  const rest = await get(`${PATH}?limit=2&cursor=${String(first.body['next'])}`);
  assert.deepEqual(
    [(rest.body['unknown'] as Record<string, unknown>[]).map((call) => call['clientRequestId']), rest.body['next']],
    [['guid-1'], null],
  );
});

test('an unknown connection is 404; a limit or cursor that is none is refused', async () => {
  const { store, get } = openTestConsole();
  assert.equal((await get(PATH)).status, 404);
  await store.append(makePiece({ connectionId: 'hr1', groups: [{ itemId: 'a', entries: makeEntries(1) }] }));
  assert.deepEqual((await get(PATH)).body, { unknown: [], next: null });
  for (const query of ['limit=0', 'limit=1001', 'limit=x', 'cursor=x', 'cursor=1-1-1'])
    assert.equal((await get(`${PATH}?${query}`)).status, 400, query);
});
