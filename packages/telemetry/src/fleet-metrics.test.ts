import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Fleet, type FleetConnection, renderFleet } from './fleet-metrics.ts';

const CONNECTION: FleetConnection = {
  connectionId: 'hr',
  appended: 31,
  duplicates: 8,
  delivered: 9,
  dead: 5,
  parked: 3,
  retried: 3,
  replayed: 1,
  discardedPending: 4,
  discardedDead: 1,
  discardedParked: 1,
  expired: 2,
  erasedPending: 3,
  erasedDead: 1,
  erasedParked: 1,
  unknown: 5,
  pending: 6,
  oldestAcceptedMs: 1_700_000_000_500,
  deadLetters: 2,
  parkedEntries: 1,
  leases: 2,
  state: 'held',
  bucket: { intervalUs: 40_000, closedUntilMs: 1_700_000_001_000 },
};

const FLEET: Fleet = {
  connections: [CONNECTION],
  durability: { level: 'fsync', kept: true },
  credentialExpiryMs: new Map([['contoso', 1_800_000_000_000]]),
  dedupeWindowMs: 86_400_000,
  usefulWorkers: 3,
};

const read = async (connections: readonly FleetConnection[], parts: Partial<Fleet> = {}) => {
  const text = await renderFleet({ ...FLEET, ...parts, connections });
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ')))]),
  );
};

test('the series of a connection are its view, and the two equations can be read from them', async () => {
  const series = await read([CONNECTION]);
  const of = (name: string, labels = '') => series.get(`sluice_${name}{connection="hr"${labels}}`)!;
  const verdict = (name: string) => of('settle_entries_total', `,verdict="${name}"`);
  const removed = (from: string, reason: string) => of('removed_entries_total', `,from="${from}",reason="${reason}"`);
  assert.equal(
    of('append_entries_total') + of('replayed_entries_total'),
    verdict('delivered') +
      verdict('dead') +
      verdict('parked') +
      removed('pending', 'expired') +
      removed('pending', 'erased') +
      removed('pending', 'discarded') +
      of('pending_entries'),
  );
  assert.equal(
    of('dead_letters') + of('parked_entries'),
    verdict('dead') +
      verdict('parked') -
      of('replayed_entries_total') -
      (removed('dead', 'discarded') +
        removed('parked', 'discarded') +
        removed('dead', 'erased') +
        removed('parked', 'erased')),
  );
  assert.equal(of('quota_calls_per_second'), 25);
  assert.equal(of('quota_closed_until_timestamp_seconds'), 1_700_000_001);
  assert.equal(of('oldest_pending_timestamp_seconds'), 1_700_000_000.5);
  assert.equal(of('inflight_calls'), 2);
  assert.deepEqual([of('connection_state', ',state="held"'), of('connection_state', ',state="idle"')], [1, 0]);
  assert.equal(of('duplicate_entries_total'), 8);
});

test('what belongs to no connection', async () => {
  const series = await read([]);
  assert.deepEqual(Object.fromEntries(series), {
    'sluice_durability{level="fsync"}': 1,
    sluice_durability_kept: 1,
    'sluice_credential_expiry_timestamp_seconds{tenant="contoso"}': 1_800_000_000,
    sluice_dedupe_window_seconds: 86_400,
    sluice_useful_workers: 3,
  });
  const unknown = { durability: null, credentialExpiryMs: new Map<string, number>(), dedupeWindowMs: null };
  assert.deepEqual([...(await read([], unknown)).keys()], ['sluice_useful_workers']);
  assert.equal((await read([], { durability: { level: 'memory', kept: false } })).get('sluice_durability_kept'), 0);
});

test('what is not there is absent, and every connection has its own series', async () => {
  const other = { ...CONNECTION, connectionId: 'tickets', oldestAcceptedMs: null, bucket: null };
  const series = await read([CONNECTION, other]);
  assert.equal(series.get('sluice_pending_entries{connection="tickets"}'), 6);
  assert.equal(series.has('sluice_oldest_pending_timestamp_seconds{connection="tickets"}'), false);
  assert.equal(series.has('sluice_quota_calls_per_second{connection="tickets"}'), false);
});
