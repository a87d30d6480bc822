import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ShownConnection } from './shown.ts';
import { forSeconds, stateWords, URGENCIES } from './state-words.ts';

const NOW = Date.parse('2026-03-02T10:00:00Z');
const at = (ms: number) => new Date(NOW + ms).toISOString();
const RATES = { appendedPerSecond: 10, deliveredPerSecond: 5, callsPerSecond: 1, fill: 5 };

function shown(parts: Partial<ShownConnection>): ShownConnection {
  const none = { state: 'flowing', pending: 10, delayed: 0, callsInFlight: 0, rates: null, quota: null, reason: null };
  const times = {
    oldestPendingAt: at(-1000),
    blockedSince: null,
    timeToDrainSeconds: null,
    tenantCallsPerSecond: null,
  };
  return { ...none, ...times, ...parts } as ShownConnection;
}

const words = (parts: Partial<ShownConnection>) => stateWords(shown(parts), NOW);

test('a closed connection says for how long it is closed more, and nobody has to act', () => {
  const quota = { callsPerSecond: 5, closedUntil: at(11_400), lastClosedUntil: at(11_400), refusedInARow: 1 };
  const { text, urgency, remedy } = words({ state: 'closed', quota });
  assert.deepEqual([text, urgency, remedy], ['waiting for Graph: closed 12 s more', 'waiting', null]);
  const over = { ...quota, closedUntil: at(-1) };
  assert.equal(words({ state: 'closed', quota: over }).text, 'flowing', 'a closure that is over is none');
});

test('a hold says its cause, since when, and what to do', () => {
  const held = words({ state: 'held', reason: 'credential: AADSTS7000222', blockedSince: at(-60_000) });
  assert.deepEqual([held.urgency, held.text], ['stuck', 'held: the identity provider refuses the credential']);
  assert.match(held.remedy ?? '', /new client secret or certificate.*tried again by itself every minute/);
  assert.equal(held.sinceMs, NOW - 60_000);
  const other = words({ state: 'held', reason: 'something: new' });
  assert.equal(other.text, 'held: something: new');
  assert.match(other.remedy ?? '', /^Mend what the reason says\. .*releasing the hold tries at once/);
});

test('what nobody takes is stuck: no worker runs', () => {
  const rates = { ...RATES, callsPerSecond: 0, deliveredPerSecond: 0, fill: null };
  assert.equal(words({ rates, oldestPendingAt: at(-30_000) }).text, 'no worker takes it');
  assert.equal(words({ rates, oldestPendingAt: at(-5000) }).urgency, 'flowing');
  assert.equal(words({ rates, oldestPendingAt: at(-30_000), callsInFlight: 1 }).urgency, 'flowing');
  const dead = { rates, oldestPendingAt: at(-61_000), callsInFlight: 1, callsInFlightMax: 20 };
  assert.equal(
    words(dead).text,
    'no worker takes it',
    'a call of a worker that died is in flight until another reclaims it',
  );
  assert.notEqual(words({ ...dead, callsInFlight: 20 }).text, 'no worker takes it', 'all calls may hang');
  const delayed = words({ rates, oldestPendingAt: at(-30_000), delayed: 10 });
  assert.equal(delayed.text, '10 waiting for their next try');
});

test('where no worker is, nobody waits to be told; and since when is known where the last call was seen', () => {
  const rates = { ...RATES, callsPerSecond: 0, deliveredPerSecond: 0, fill: null };
  const parts = {
    rates,
    oldestPendingAt: at(-300_000),
    callsInFlight: 3,
    callsInFlightMax: 3,
    lastCallSeenAt: at(-31_000),
  };
  assert.notEqual(words(parts).text, 'no worker takes it', 'all calls may hang');
  const alone = stateWords(shown(parts), NOW, 0);
  assert.deepEqual([alone.text, alone.urgency, alone.sinceMs], ['no worker takes it', 'stuck', NOW - 31_000]);
  const later = stateWords(shown({ ...parts, oldestPendingAt: at(-3000) }), NOW, 0);
  assert.equal(later.sinceMs, NOW - 3000, 'what came after the last call');
  assert.equal(stateWords(shown({ ...parts, lastCallSeenAt: null }), NOW, 0).sinceMs, null);
  assert.notEqual(stateWords(shown({ ...parts, rates: RATES }), NOW, 0).text, 'no worker takes it', 'an older worker');
});

test('who falls behind is told whether another worker would help', () => {
  const old = { oldestPendingAt: at(-120_000), rates: { ...RATES, callsPerSecond: 9.5 } };
  const quota = (callsPerSecond: number, lastClosedUntil: string | null = null) => ({
    callsPerSecond,
    closedUntil: null,
    lastClosedUntil,
    refusedInARow: 0,
  });
  assert.match(words({ ...old, quota: quota(10) }).remedy ?? '', /^More workers do not help/);
  assert.match(words({ ...old, quota: quota(100) }).remedy ?? '', /another worker may help/);
  assert.match(words({ ...old, quota: quota(100, at(-9000)) }).remedy ?? '', /^More workers do not help/);
  const { text } = words({ ...old, quota: quota(100), tenantCallsPerSecond: 12 });
  assert.equal(text, 'behind: more comes in than the limit of its tenant lets out');
  assert.equal(words({ ...old, quota: quota(10), timeToDrainSeconds: 60 }).urgency, 'flowing');
  const hardly = { ...old, quota: quota(10), timeToDrainSeconds: 9000 };
  assert.equal(words({ ...hardly, rates: { ...RATES, deliveredPerSecond: 10.1 } }).urgency, 'behind', 'for hours');
  assert.equal(words({ ...hardly, rates: { ...RATES, deliveredPerSecond: 20 } }).urgency, 'flowing', 'a large import');
});

test('a pause matters while something waits', () => {
  assert.equal(words({ state: 'paused' }).urgency, 'behind');
  assert.equal(words({ state: 'paused', pending: 0 }).urgency, 'waiting');
  assert.equal(words({ state: 'idle', pending: 0 }).urgency, 'idle');
});

test('times are said in units that people use', () => {
  const said = [1, 90_000, 150_000, 3_600_000, 7_300_000, 200_000_000].map(forSeconds);
  assert.deepEqual(said, ['1 s', '90 s', '2 min 30 s', '60 min', '2 h 1 min', '2 days']);
});

test('each cause of a hold has its own words and says what mends it', () => {
  for (const [code, text, remedy] of [
    ['unauthorized', 'held: Graph refuses the token (401)', /sluice doctor/],
    ['forbidden', 'held: a permission is missing (403)', /ExternalItem\.ReadWrite\.OwnedBy/],
    ['payment_required', 'held: licence or billing (402)', /licence or billing/],
    ['connection_not_found', 'held: Graph does not know this connection', /Create the connection .*forget this one/],
    ['storage_full', "held: the tenant's storage quota is used up", /Free or buy storage/],
    ['redirected', 'held: Graph’s address redirects', /GRAPH_BASE_URL/],
    ['outcome_hold', 'held: a code that the configuration holds for', /See what Graph said/],
    ['dead letters full', 'held: the dead letters are full', /Replay or discard/],
  ] as const) {
    const held = words({ state: 'held', reason: `${code}: why` });
    assert.deepEqual([held.urgency, held.text], ['stuck', text], code);
    assert.match(held.remedy ?? '', remedy, code);
  }
});

test('what somebody stopped, what fails, and what is empty', () => {
  const paused = (pending: number) => {
    const { urgency, text, remedy } = words({ state: 'paused', pending });
    return [urgency, text, remedy];
  };
  assert.deepEqual(paused(1), ['behind', 'paused by an operator', 'Resume lets it go on.']);
  assert.deepEqual(paused(0), ['waiting', 'paused by an operator', null]);
  const open = words({ state: 'breaker', reason: 'five calls failed; 503' });
  assert.deepEqual([open.urgency, open.text], ['stuck', 'breaker open: five calls failed']);
  assert.match(open.remedy ?? '', /tried every/);
  assert.deepEqual(words({ pending: 0, oldestPendingAt: null }), {
    urgency: 'idle',
    text: 'idle: nothing is waiting',
    remedy: null,
    sinceMs: null,
  });
  assert.deepEqual(URGENCIES, ['stuck', 'behind', 'waiting', 'flowing', 'idle'], 'what matters most stands first');
});
