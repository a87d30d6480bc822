import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type EntrySettlement, type Lease, OUTCOME_OF_NO_CALL, type Reply, type SettleResult } from '@sluice/core';
import { createLogger } from '@sluice/telemetry';
import { ACK, makeDeadLetter, makeEntries, makePark, makeRequeue, makeSettlement } from '@sluice/testing';
import { tallyConnections } from './tally-connections.ts';

test('every ten seconds one line for each connection that was called, with its sums; none for the others', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const lines: Record<string, unknown>[] = [];
  const logger = createLogger('worker', 'info', { write: (line) => lines.push(JSON.parse(line)) });
  let nowMs = 0;
  const tally = tallyConnections({ logger, clock: () => nowMs });
  const deliver = (connectionId: string, verdicts: readonly EntrySettlement[], durationMs: number, call = {}) =>
    tally.add({
      connectionId,
      lease: { entries: makeEntries(verdicts.length) } as unknown as Lease,
      reply: { durationMs } as Reply,
      outcome: OUTCOME_OF_NO_CALL,
      settlement: makeSettlement(verdicts, call),
      result: {} as SettleResult,
    });
  deliver('hr', [ACK, ACK, makeDeadLetter(), makePark()], 100);
  deliver('hr', [makeRequeue(), makeRequeue()], 51, { quota: 'refused', failed: true });
  deliver('tickets', [ACK], 7);
  nowMs = 10_000;
  t.mock.timers.tick(10_000);
  t.mock.timers.tick(10_000);
  const said = lines.map(({ time: _, level, service: __, ...rest }) => rest);
  assert.deepEqual(said, [
    {
      ...{ connection: 'hr', seconds: 10, calls: 2, entries: 6, delivered: 2, retried: 2, dead: 1, parked: 1 },
      ...{ throttled: 1, failed: 1, fill: 3, msPerCall: 76, msg: 'connection active' },
    },
    {
      ...{ connection: 'tickets', seconds: 10, calls: 1, entries: 1, delivered: 1, retried: 0, dead: 0, parked: 0 },
      ...{ throttled: 0, failed: 0, fill: 1, msPerCall: 7, msg: 'connection active' },
    },
  ]);
  deliver('hr', [ACK], 1);
  tally.stop();
  assert.equal(lines.length, 3, 'a stop says what was not said yet');
});
