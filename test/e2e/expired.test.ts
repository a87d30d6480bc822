/* SLUICE_VIEWED_AGE_MAX_MS end to end: what is too old is not delivered, and receipt, console and series say so. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Service, spawnService } from '@sluice/testing';
import { drained, readBooks } from '../support/conservation.ts';
import { consoleClient } from '../support/console-client.ts';
import { startSystem } from '../support/start-system.ts';

const CONNECTION = 'oldviews';
const HOUR_MS = 3_600_000;
const performedBy = { type: 'user', id: '6f1d2c3b-4a5e-4f60-8a7b-9c0d1e2f3a4b' };

/** Each at another instant, `count` from `startMs` on. */
function activitiesFrom(startMs: number, type: string, count: number) {
  return Array.from({ length: count }, (_, n) => {
    return { type, startDateTime: new Date(startMs + n).toISOString(), performedBy };
  });
}

test('a viewed of yesterday is not delivered where an hour is the bound, and everything that is shown says so', async () => {
  const system = await startSystem({ env: { SLUICE_VIEWED_AGE_MAX_MS: String(HOUR_MS) } });
  let service: Service | null = null;
  try {
    service = await spawnService({ service: 'console', env: system.env });
    const operator = consoleClient(service.url!);
    const yesterday = Date.now() - 24 * HOUR_MS;
    const activities = [
      ...activitiesFrom(yesterday, 'viewed', 600),
      ...activitiesFrom(yesterday, 'modified', 15),
      ...activitiesFrom(Date.now(), 'viewed', 15),
    ];
    const url = `${system.intakes[0]!.url}/v1/connections/${CONNECTION}/items/a/activities`;
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ activities }) });
    assert.equal(answer.status, 202);
    const { receiptId } = (await answer.json()) as { receiptId: string };
    await drained(system, [CONNECTION], 30_000);

    const receipt = (await (await fetch(`${system.intakes[0]!.url}/v1/receipts/${receiptId}`)).json()) as {
      final: boolean;
      counts: Record<string, number>;
    };
    assert.deepEqual([receipt.final, receipt.counts['expired'], receipt.counts['delivered']], [true, 600, 30]);
    const { lines } = await readBooks(system);
    assert.equal(lines.length, 30);
    assert.ok(
      lines.every(
        ({ activity }) => activity.type !== 'viewed' || Date.parse(activity.startDateTime) > yesterday + HOUR_MS,
      ),
    );
    const series = await operator.series(CONNECTION);
    assert.equal(series.get('sluice_removed_entries_total{from="pending",reason="expired"}'), 600);
    assert.equal(series.get('sluice_append_entries_total'), 630);
    assert.equal(series.get('sluice_dead_letters'), 0);
    const { body } = await operator.ask(`/api/v1/connections/${CONNECTION}`);
    assert.equal(body['expired'], 600);
  } finally {
    await service?.kill('SIGKILL');
    await system.stop();
  }
});
