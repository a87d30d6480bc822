import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMetrics } from './metrics.ts';

test('every promised series is exported under its name, and counts what happened', async () => {
  const metrics = createMetrics('worker', '1.2.3');
  metrics.requestAnswered({ route: '/v1/receipts/:receiptId', status: 202, seconds: 0.003 });
  metrics.entriesRejected('activity_type_unknown', 4);
  metrics.callEnded({ connection: 'hr', status: 200, entries: 20, seconds: 0.2 });
  metrics.callEnded({ connection: 'hr', status: 'reset', entries: 7, seconds: 0.1 });
  metrics.entryDelivered('hr', 1.2);
  metrics.settleFoundStale();
  metrics.resultsOdd('hr', 'unlisted_code', 3);
  const { contentType, text } = await metrics.render();
  assert.match(contentType, /^text\/plain; version=0\.0\.4/);
  for (const line of [
    'sluice_build_info{service="worker",version="1.2.3"} 1',
    'sluice_accept_requests_total{route="/v1/receipts/:receiptId",status="202"} 1',
    'sluice_accept_duration_seconds_count{route="/v1/receipts/:receiptId"} 1',
    'sluice_accept_rejected_entries_total{code="activity_type_unknown"} 4',
    'sluice_deliver_calls_total{connection="hr",status="200"} 1',
    'sluice_deliver_calls_total{connection="hr",status="reset"} 1',
    'sluice_deliver_call_entries_sum{connection="hr"} 27',
    'sluice_deliver_call_entries_bucket{le="19",connection="hr"} 1',
    'sluice_deliver_duration_seconds_count{connection="hr"} 2',
    'sluice_accept_to_delivered_seconds_count{connection="hr"} 1',
    'sluice_outcome_odd_results_total{connection="hr",kind="unlisted_code"} 3',
    'sluice_stale_settles_total 1',
  ]) {
    assert.ok(text.includes(`${line}\n`), `missing: ${line}`);
  }
  assert.match(text, /^process_resident_memory_bytes \d/m);
  assert.match(text, /^nodejs_eventloop_lag_seconds /m);
});

test('two processes in one test do not share series', async () => {
  const one = createMetrics('intake', '1');
  const other = createMetrics('intake', '1');
  one.settleFoundStale();
  assert.match((await other.render()).text, /sluice_stale_settles_total 0/);
});
