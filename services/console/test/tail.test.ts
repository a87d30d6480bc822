/* /api/v1/tail: what happens as it happens, to whoever may see it; bounded for a slow watcher and for too much at once. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import {
  ACK,
  eventually,
  makeDeadLetter,
  makeEntries,
  makePiece,
  makeSettle,
  makeSettlement,
  makeTake,
} from '@sluice/testing';
import { createTailClients, EVENTS_A_TICK_MAX, type TailClient } from '../src/live/tail-clients.ts';
import type { TailEvent } from '../src/live/tail-events.ts';
import { watchFleet } from '../src/live/watch-fleet.ts';
import { openTestConsole } from './open-test-console.ts';

function fakeTerminal(filter: Partial<TailClient['filter']> = {}) {
  const terminal = Object.assign(new EventEmitter(), {
    frames: [] as string[],
    takes: true,
    ended: false,
    write(text: string) {
      terminal.frames.push(text);
      return terminal.takes;
    },
    end() {
      terminal.ended = true;
    },
    destroy() {
      terminal.ended = true;
    },
  });
  const client: TailClient = {
    response: terminal as unknown as TailClient['response'],
    filter: { connectionId: null, itemId: null, failedOnly: false, ...filter },
    sees: () => true,
    isStillAllowed: () => true,
  };
  return { terminal, client };
}

function event(n: number, parts: Partial<TailEvent> = {}): TailEvent {
  return { kind: 'call', atMs: n, connectionId: 'hr1', itemId: `i${n}`, failed: false, json: `{"n":${n}}`, ...parts };
}

const tick = (events: readonly TailEvent[], leftOut: readonly (readonly [string, number])[] = []) => ({
  events,
  leftOut: new Map(leftOut),
  away: false,
});
const shownIn = (text: string) => [...text.matchAll(/^data: \{"n":(\d+)\}$/gm)].map(([, n]) => Number(n));
const leftOutIn = (text: string) => Number(/"event":"left-out","events":(\d+)/.exec(text)?.[1] ?? 0);

test('of ten thousand events at once a bounded number is shown, failures first, and the rest is counted', () => {
  const clients = createTailClients(() => 0);
  const { terminal, client } = fakeTerminal();
  clients.add(client);
  clients.send(
    tick(
      Array.from({ length: 10_000 }, (_, n) => event(n, { failed: n === 7777 })),
      [['hr1', 500]],
    ),
  );
  const [frame] = terminal.frames;
  const shown = shownIn(frame!);
  assert.equal(shown.length, EVENTS_A_TICK_MAX);
  assert.ok(shown.includes(7777));
  assert.deepEqual(
    shown,
    shown.toSorted((a, b) => a - b),
  );
  assert.equal(leftOutIn(frame!), 10_000 - EVENTS_A_TICK_MAX + 500);
});

test('who does not read gets nothing more, is told how much it was, and is cut when he never reads again', () => {
  let now = 0;
  const clients = createTailClients(() => now);
  const [slow, quick] = [fakeTerminal(), fakeTerminal()];
  clients.add(slow.client);
  clients.add(quick.client);
  slow.terminal.takes = false;
  for (let n = 0; n < 5; n++) clients.send(tick([event(n), event(n + 100)]));
  assert.equal(slow.terminal.frames.length, 1, 'one frame waits for him, whatever happens');
  assert.equal(quick.terminal.frames.length, 5);
  slow.terminal.takes = true;
  slow.terminal.emit('drain');
  clients.send(tick([event(9)]));
  assert.deepEqual(shownIn(slow.terminal.frames[1]!), [9]);
  assert.equal(leftOutIn(slow.terminal.frames[1]!), 8);
  slow.terminal.takes = false;
  clients.send(tick([event(10)]));
  now += 60_001;
  clients.send(tick([]));
  assert.equal(slow.terminal.ended, true);
  slow.terminal.emit('close');
  assert.equal(clients.size(), 1);
});

test('a filter shows what was asked for; who may not watch any more is sent away', () => {
  const clients = createTailClients(() => 0);
  const item = fakeTerminal({ itemId: 'i1' });
  const failures = fakeTerminal({ failedOnly: true });
  const revoked = fakeTerminal();
  const some = fakeTerminal();
  clients.add(item.client);
  clients.add(failures.client);
  clients.add({ ...revoked.client, isStillAllowed: () => false });
  clients.add({ ...some.client, sees: (connectionId) => connectionId === 'hr1' });
  clients.send(tick([event(1), event(2, { failed: true }), event(3, { connectionId: 'other' })], [['other', 9]]));
  assert.deepEqual(shownIn(item.terminal.frames[0]!), [1]);
  assert.deepEqual(shownIn(failures.terminal.frames[0]!), [2]);
  assert.deepEqual([revoked.terminal.ended, revoked.terminal.frames], [true, []]);
  assert.deepEqual([shownIn(some.terminal.frames[0]!), leftOutIn(some.terminal.frames[0]!)], [[1, 2], 0]);
});

test('a stream tells of what is accepted, of calls, and of a connection that is paused; wrong words are refused', async () => {
  const first = openTestConsole();
  const { store, clock } = first;
  const fleet = watchFleet({ store, tenants: ['default'], clock: Date.now });
  const { listen, get } = openTestConsole({}, { fleet, faults: store });
  const { url, close } = await listen();
  const stop = new AbortController();
  let sequence = 0;
  const append = (itemId: string) =>
    store.append(
      makePiece({
        connectionId: 'hr1',
        sequence: ++sequence,
        lingerMs: 0,
        groups: [{ itemId, entries: makeEntries(3) }],
      }),
    );
  try {
    for (const query of ['connection=a%20b', 'item=%2F', 'failed=maybe']) {
      assert.equal((await get(`/api/v1/tail?${query}`)).body.code, 'parameter_invalid');
    }
    await append('before');
    await eventually(() => fleet.latest()?.views.length === 1, { withinMs: 20_000, what: 'the connection is seen' });
    const response = await fetch(`${url}/api/v1/tail?connection=hr1`, { signal: stop.signal });
    assert.match(String(response.headers.get('content-type')), /^text\/event-stream/);
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
    })().catch(() => {});
    const seen = (what: RegExp) => eventually(() => what.exec(text), { withinMs: 20_000, what: String(what) });
    await seen(/event: hello\ndata: .*"known":true/);
    await seen(/: still here/);
    await append('a');
    await seen(/event: accepted\ndata: .*"itemId":"a","entries":3,"duplicates":0,"receiptId":null/);
    assert.ok(!text.includes('"before"'), 'it begins with now');
    await clock.advance(1000);
    const lease = await store.take(
      makeTake({ connectionId: 'hr1', leaseId: 'lease-1', lingerMs: 0, intervalInitialUs: 1 }),
    );
    assert.ok(lease.status === 'leased');
    const told = { itemId: lease.itemId, status: '207', requestId: 'request-1', reason: 'gone', durationMs: 12 };
    const settlement = makeSettlement(lease.entries.map((_, n) => (n === 0 ? makeDeadLetter() : ACK)));
    await store.settle(makeSettle({ connectionId: 'hr1', leaseId: 'lease-1', epoch: lease.epoch, settlement, told }));
    await seen(
      /event: call\ndata: .*"entries":3.*"status":"207","requestId":"request-1","reason":"gone","durationMs":12,.*"dead":1/,
    );
    await store.pause('hr1');
    await seen(/event: state\ndata: .*"state":"paused","text":"paused by an operator"/);
    stop.abort();
    await reading;
  } finally {
    stop.abort();
    fleet.stop();
    await close();
  }
});
