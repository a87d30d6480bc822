/* /api/v1/connections, health, metrics, and who may ask. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { makeDeadLetter, makeEntries, makePiece } from '@sluice/testing';
import { openTestConsole, stillFleet } from './open-test-console.ts';

const HR = '/api/v1/connections/hr1';

async function append({ store }: ReturnType<typeof openTestConsole>, connectionId: string): Promise<void> {
  const groups = [{ itemId: 'a', entries: makeEntries(4) }];
  await store.append(makePiece({ connectionId, lane: connectionId, groups }));
}

test('connections are listed by name, each with its counts and its state in words', async () => {
  const opened = openTestConsole();
  await append(opened, 'tickets');
  await append(opened, 'hr1');
  const { body } = await opened.get('/api/v1/connections');
  assert.deepEqual(
    body.connections.map((connection: { connectionId: string }) => connection.connectionId),
    ['hr1', 'tickets'],
  );
  const [hr] = body.connections;
  assert.deepEqual([hr.state, hr.stateText, hr.pending], ['flowing', 'flowing', 4]);
  assert.deepEqual([hr.oldestPendingAt, hr.quota], ['2027-01-15T08:00:00.000Z', null]);
  assert.deepEqual((await opened.get(HR)).body, hr);
});

test('the time to drain follows from the rates, and is never while more comes than goes', async () => {
  const drainAt = async (deliveredPerSecond: number) => {
    const rates = {
      appendedPerSecond: 1,
      deliveredPerSecond,
      callsPerSecond: 1,
      entriesPerCall: 1,
      callSeconds: null,
      lastCallMs: null,
    };
    const opened = openTestConsole({}, { fleet: stillFleet(rates) });
    await append(opened, 'hr1');
    const { timeToDrain, timeToDrainSeconds } = (await opened.get(HR)).body;
    return [timeToDrain, timeToDrainSeconds];
  };
  assert.deepEqual(await drainAt(3), ['about 2 s', 2]);
  assert.deepEqual(await drainAt(1), ['never at this rate', null]);
});

test('a connection is paused, and resumed with a wake-up', async () => {
  const opened = openTestConsole();
  await append(opened, 'hr1');
  const paused = await opened.post(`${HR}/pause`);
  assert.deepEqual(
    [paused.status, paused.body.state, paused.body.timeToDrain],
    [200, 'paused', 'never while it is paused'],
  );
  assert.deepEqual(opened.wakes, []);
  assert.equal((await opened.post(`${HR}/resume`)).body.state, 'flowing');
  assert.deepEqual(opened.wakes, [['hr1', opened.clock.nowMs()]]);
});

test('who names the type of a body and sends none is understood', async () => {
  const opened = openTestConsole();
  await append(opened, 'hr1');
  const json = { 'content-type': 'application/json' };
  assert.equal((await opened.post(`${HR}/pause`, '', json)).body.state, 'paused');
  assert.equal((await opened.post(`${HR}/resume`, undefined, json)).body.state, 'flowing');
});

test('a page of another origin changes nothing; the console’s own and programs may', async () => {
  const opened = openTestConsole();
  await append(opened, 'hr1');
  const from = (origin: string) => opened.post(`${HR}/pause`, undefined, { origin });
  for (const origin of ['https://evil.example', 'http://localhost:8081', 'null']) {
    const answer = await from(origin);
    assert.deepEqual([answer.status, answer.body.code], [403, 'origin_not_allowed'], origin);
  }
  assert.equal((await opened.get(HR)).body.state, 'flowing');
  assert.equal((await from('http://localhost')).status, 200);
});

test('without keys another name in Host is refused', async () => {
  const opened = openTestConsole();
  assert.equal((await opened.get('/api/v1/connections', { host: 'sluice.example' })).status, 421);
});

test('health and metrics: the fleet’s series are those of the store, and absent without it', async () => {
  const opened = openTestConsole();
  await opened.end('a', 3, makeDeadLetter());
  assert.equal((await opened.get('/health/live')).status, 200);
  assert.equal((await opened.get('/health/ready')).status, 200);
  const { text } = await opened.get('/metrics');
  assert.match(text, /^sluice_dead_letters\{connection="hr1"\} 3$/m);
  assert.match(text, /^sluice_build_info\{service="console"/m);
  const away = openTestConsole({}, { faults: { connectionIds: () => Promise.reject(new Error('away')) } });
  const without = await away.get('/metrics');
  assert.equal(without.status, 200);
  assert.doesNotMatch(without.text, /sluice_dead_letters/);
});

test('what belongs to no connection: durability and whether it is kept, window, ends of credentials, useful workers', async () => {
  const seriesOf = async (variables: Record<string, string>, durability = 'fsync') => {
    const watch = { ready: () => ({ ready: true }) as const, durability: () => durability };
    const opened = openTestConsole(variables, { watch });
    await append(opened, 'hr1');
    await opened.store.noteCredential('default', 1_900_000_000_000);
    await opened.store.noteCredential('gone', 1_900_000_000_000);
    const { text } = await opened.get('/metrics');
    return text.split('\n').filter((line) => /^sluice_(durability|dedupe|credential|useful)/.test(line));
  };
  assert.deepEqual(await seriesOf({}), [
    'sluice_durability{level="fsync"} 1',
    'sluice_durability_kept 1',
    'sluice_credential_expiry_timestamp_seconds{tenant="default"} 1900000000',
    'sluice_dedupe_window_seconds 86400',
    'sluice_useful_workers 1',
  ]);
  const others = await seriesOf(
    { SLUICE_DEDUPE: 'off', SLUICE_WORKER_CALLS_MAX: '2', SLUICE_INFLIGHT_MAX: '3' },
    'memory',
  );
  assert.deepEqual(others.slice(0, 2), ['sluice_durability{level="memory"} 1', 'sluice_durability_kept 0']);
  assert.equal(others.at(-1), 'sluice_useful_workers 2');
  assert.equal(others.length, 4);
  const vouched = await seriesOf({ SLUICE_DURABILITY_ASSUME: 'fsync' }, 'unknown');
  assert.deepEqual(vouched.slice(0, 2), ['sluice_durability{level="unknown"} 1', 'sluice_durability_kept 1']);
});
