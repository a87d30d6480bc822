/* A real Prometheus that scrapes a running system: no error, every series, alerts that fire, a dashboard of which every query has an answer. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { eventually, spawnService } from '@sluice/testing';
import { consoleClient } from '../support/console-client.ts';
import { startProducer } from '../support/producer.ts';
import { findTools, type Prometheus, startPrometheus } from '../support/prometheus.ts';
import { startSystem } from '../support/start-system.ts';

const read = (path: string) => readFile(new URL(`../../${path}`, import.meta.url), 'utf8');
const items = Array.from({ length: 10 }, (_, n) => `item-${n}`);
/** Longer than anything that moves here, many times the scrape interval. */
const RATE_INTERVAL = '30s';

const PROCESS_SERIES = [
  'sluice_accept_requests_total',
  'sluice_accept_duration_seconds_bucket',
  'sluice_accept_rejected_entries_total',
  'sluice_deliver_calls_total',
  'sluice_deliver_call_entries_bucket',
  'sluice_deliver_duration_seconds_bucket',
  'sluice_accept_to_delivered_seconds_bucket',
  'sluice_stale_settles_total',
  'sluice_build_info',
  'process_cpu_seconds_total',
  'nodejs_eventloop_lag_seconds',
];
const FLEET_SERIES = [
  'sluice_append_entries_total',
  'sluice_duplicate_entries_total',
  'sluice_settle_entries_total',
  'sluice_replayed_entries_total',
  'sluice_removed_entries_total',
  'sluice_unknown_entries_total',
  'sluice_pending_entries',
  'sluice_oldest_pending_timestamp_seconds',
  'sluice_dead_letters',
  'sluice_parked_entries',
  'sluice_quota_calls_per_second',
  'sluice_quota_closed_until_timestamp_seconds',
  'sluice_inflight_calls',
  'sluice_connection_state',
  'sluice_durability',
  'sluice_durability_kept',
  'sluice_credential_expiry_timestamp_seconds',
  'sluice_dedupe_window_seconds',
  'sluice_useful_workers',
];

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
  readonly templating: { readonly list: readonly { readonly definition: string }[] };
  readonly annotations: { readonly list: readonly { readonly expr: string }[] };
}

const withinMs = 90_000;

async function assertScraped(prometheus: Prometheus, count: number): Promise<void> {
  const targets = async () => {
    const { activeTargets } = (await prometheus.ask('targets')) as {
      activeTargets: readonly { readonly health: string; readonly lastError: string; readonly scrapePool: string }[];
    };
    assert.deepEqual(
      activeTargets.filter(({ health, lastError }) => health !== 'up' || lastError !== ''),
      [],
    );
    return activeTargets.length === count;
  };
  await eventually(targets, { withinMs, what: `${count} targets are up without an error` });
}

async function firing(prometheus: Prometheus): Promise<readonly string[]> {
  const alerts = await prometheus.query('ALERTS{alertstate="firing"}');
  return alerts.map(({ metric }) => `${metric['alertname']} ${metric['connection'] ?? metric['tenant'] ?? ''}`.trim());
}

test('a running system is scraped without an error, its alerts fire, and its dashboard shows something everywhere', async (t) => {
  const tools = await findTools();
  if (typeof tools === 'string') return t.skip(tools);
  const system = await startSystem({
    env: { GRAPH_CLIENT_SECRET_EXPIRES: new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 10) },
    behavior: {
      connections: {
        dying: { shares: { 207: 0.5 }, entryError: { code: 'invalidRequest', message: 'never' } },
        refused: { script: [{ status: 403, times: 1000 }] },
      },
    },
  });
  const console_ = await spawnService({ service: 'console', env: system.env });
  const intake = system.intakes[0]!.url!;
  const urls = { console: [console_.url!], intake: [intake], worker: system.workers.map(({ url }) => url!) };
  // As shipped, but for how long a cause has to last: a test has no ten minutes.
  const rules = (await read('deploy/prometheus/sluice.rules.yml')).replaceAll(/^( +for:) \d+m$/gm, '$1 2s');
  const prometheus = await startPrometheus({ tools, targets: urls, rules });
  const producer = startProducer(() => [intake]);
  const twice = {
    activities: [{ itemId: 'a', id: 'one', type: 'viewed', startDateTime: '2026-01-01T00:00:00Z' }, {}].map((one) => ({
      ...one,
      performedBy: { type: 'user', id: '2c9a5a86-1f4d-4c2e-9f6b-8d1e0c7b3a55' },
    })),
  };
  let going = true;
  const load = (async () => {
    while (going) {
      for (const connection of ['moving', 'dying', 'refused']) await producer.post({ connection, items, count: 20 });
      // The same id again and again, beside an activity that is none.
      await fetch(`${intake}/v1/connections/moving/activities`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(twice),
      });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  })();
  try {
    await assertScraped(prometheus, 4);
    for (const name of [...PROCESS_SERIES, ...FLEET_SERIES]) {
      const what = `${name} is scraped`;
      await eventually(async () => (await prometheus.query(`count(${name})`)).length === 1, { withinMs, what });
    }
    for (const name of FLEET_SERIES) {
      const sources = await prometheus.query(`count by (job) (${name})`);
      assert.deepEqual(
        sources.map(({ metric }) => metric['job']),
        ['console'],
        `${name} is the console's alone`,
      );
    }
    // A connection that is refused is held; dead letters come; the secret ends in three days. Nothing else is wrong.
    const expected = ['SluiceConnectionHeld refused', 'SluiceCredentialExpires default', 'SluiceDeadLettersGrow dying'];
    const asExpected = async () => {
      assert.deepEqual([...(await firing(prometheus))].sort(), expected);
      return true;
    };
    await eventually(asExpected, { withinMs, what: 'the alerts that have a cause are firing, and no others' });

    const dashboard = JSON.parse(await read('deploy/grafana/dashboards/sluice.json')) as Dashboard;
    const queries = dashboard.panels.flatMap(({ title, targets }) =>
      (targets ?? []).map(({ expr }) => ({ title, expr })),
    );
    assert.ok(queries.length > 40);
    for (const { title, expr } of [...queries, { title: 'annotations', expr: dashboard.annotations.list[0]!.expr }]) {
      const query = expr.replaceAll('$connection', '.*').replaceAll('$__rate_interval', RATE_INTERVAL);
      const what = `"${title}" shows something: ${query}`;
      await eventually(async () => (await prometheus.query(query)).length > 0, { withinMs, what });
    }
    const [, label] = /^label_values\((\w+), connection\)$/.exec(dashboard.templating.list[0]!.definition)!;
    assert.ok((await prometheus.query(`count by (connection) (${label})`)).length >= 3);

    // Mended and resumed: the alert ends.
    await system.emulator.behave({ rate: null, concurrency: null, latencyMs: [1, 3] });
    await consoleClient(console_.url!).ask('/api/v1/connections/refused/resume', {});
    const ended = async () => !(await firing(prometheus)).includes('SluiceConnectionHeld refused');
    await eventually(ended, { withinMs, what: 'the alert of the held connection ends' });
  } finally {
    going = false;
    await load.catch(() => {});
    await prometheus.stop();
    await console_.kill('SIGKILL');
    await system.stop();
  }
});
