import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CONNECTION_STATES, type Fleet, type FleetConnection, renderFleet } from './fleet-metrics.ts';

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

test('each series has the name, the labels and the unit that alerts and dashboards ask for', async () => {
  // Every count another number, so that none stands in for another.
  const counts = {
    ...{ appended: 101, duplicates: 102, delivered: 103, dead: 104, parked: 105, retried: 106, replayed: 107 },
    ...{ discardedPending: 108, discardedDead: 109, discardedParked: 110, expired: 111, erasedPending: 112 },
    ...{
      erasedDead: 113,
      erasedParked: 114,
      unknown: 115,
      pending: 116,
      deadLetters: 117,
      parkedEntries: 118,
      leases: 119,
    },
  };
  const series = await read([{ ...CONNECTION, ...counts }]);
  const own = [...series].flatMap(([name, value]) => {
    const [, of, labels] = /^sluice_(\w+)\{connection="hr",?(.*)\}$/.exec(name) ?? [];
    return of === undefined ? [] : [`${of} ${labels} ${value}`.replaceAll('"', '').replace('  ', ' ')];
  });
  assert.deepEqual(own, [
    'append_entries_total 101',
    'duplicate_entries_total 102',
    'settle_entries_total verdict=delivered 103',
    'settle_entries_total verdict=dead 104',
    'settle_entries_total verdict=parked 105',
    'settle_entries_total verdict=retried 106',
    'replayed_entries_total 107',
    'removed_entries_total from=pending,reason=discarded 108',
    'removed_entries_total from=dead,reason=discarded 109',
    'removed_entries_total from=parked,reason=discarded 110',
    'removed_entries_total from=pending,reason=expired 111',
    'removed_entries_total from=pending,reason=erased 112',
    'removed_entries_total from=dead,reason=erased 113',
    'removed_entries_total from=parked,reason=erased 114',
    'unknown_entries_total 115',
    'pending_entries 116',
    'oldest_pending_timestamp_seconds 1700000000.5',
    'dead_letters 117',
    'parked_entries 118',
    'quota_calls_per_second 25',
    'quota_closed_until_timestamp_seconds 1700000001',
    'inflight_calls 119',
    ...CONNECTION_STATES.map((state) => `connection_state state=${state} ${state === 'held' ? 1 : 0}`),
  ]);
  assert.deepEqual([...CONNECTION_STATES], ['flowing', 'idle', 'closed', 'paused', 'held', 'breaker']);
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
  assert.equal(series.get('sluice_quota_closed_until_timestamp_seconds{connection="tickets"}'), 0);
});
