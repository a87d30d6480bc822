/* /api/v1/events: one reading for all pages, changes alone after the first, bounds on pages and on what waits for them. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { test } from 'node:test';
import { eventually, makeEntries, makePiece } from '@sluice/testing';
import { CLIENTS_MAX, createLiveClients } from '../src/live/live-clients.ts';
import { watchFleet } from '../src/live/watch-fleet.ts';
import { openTestConsole } from './open-test-console.ts';

/** A browser's socket: what was written to it, and whether it takes more. */
function fakePage(takes = true) {
  const page = Object.assign(new EventEmitter(), {
    frames: [] as string[],
    takes,
    ended: false,
    write(bytes: Buffer) {
      page.frames.push(bytes.toString());
      return page.takes;
    },
    end() {
      page.ended = true;
    },
    destroy() {
      page.ended = true;
    },
  });
  return { page, response: page as unknown as ServerResponse };
}

const frames = (n: number) => ({ delta: () => `delta ${n}`, whole: () => `whole ${n}`, isWhole: true });

test('a page gets everything once and then what changed; one that does not keep up is passed over and then gets everything', () => {
  let now = 0;
  const clients = createLiveClients(() => now);
  const [quick, slow] = [fakePage(), fakePage(false)];
  assert.equal(clients.add(quick.response), true);
  assert.equal(clients.add(slow.response), true);
  clients.send(frames(1));
  clients.send(frames(2));
  clients.send(frames(3));
  slow.page.takes = true;
  slow.page.emit('drain');
  clients.send(frames(4));
  clients.send(frames(5));
  assert.deepEqual(quick.page.frames, ['whole 1', 'delta 2', 'delta 3', 'delta 4', 'delta 5']);
  assert.deepEqual(slow.page.frames, ['whole 1', 'whole 4', 'delta 5']);
  slow.page.takes = false;
  clients.send(frames(6));
  now += 30_001;
  clients.send(frames(7));
  assert.equal(slow.page.ended, true, 'a page that reads nothing for half a minute is cut');
  now += 300_000;
  clients.send(frames(8));
  assert.equal(quick.page.ended, true, 'and every one comes back now and then to be asked who it is');
});

test('there is a bound on pages, and one that left makes room', () => {
  const clients = createLiveClients(() => 0);
  const pages = Array.from({ length: CLIENTS_MAX }, () => fakePage());
  for (const { response } of pages) assert.equal(clients.add(response), true);
  assert.equal(clients.add(fakePage().response), false);
  pages[0]!.page.emit('close');
  assert.equal(clients.add(fakePage().response), true);
  assert.equal(clients.size(), CLIENTS_MAX);
});

test('a stream tells of every connection, then of what changes and of nothing else, and of a store that is away', async () => {
  const first = openTestConsole();
  let away = false;
  const store = {
    ...first.store,
    connectionIds: () => (away ? Promise.reject(new Error('away')) : first.store.connectionIds()),
  };
  const append = (sequence: number) =>
    store.append(makePiece({ connectionId: 'hr1', sequence, groups: [{ itemId: 'a', entries: makeEntries(3) }] }));
  await append(1);
  const quiet = [{ itemId: 'a', entries: makeEntries(1, { from: 50 }) }];
  await store.append(makePiece({ connectionId: 'quiet', lane: 'quiet', groups: quiet }));
  const fleet = watchFleet({ store, tenants: ['default'], clock: Date.now });
  const { listen } = openTestConsole({}, { fleet });
  const { url, close } = await listen();
  try {
    const response = await fetch(`${url}/api/v1/events`);
    assert.match(String(response.headers.get('content-type')), /^text\/event-stream/);
    assert.match(String(response.headers.get('content-security-policy')), /script-src 'self'/);
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) text += chunk;
    })().catch(() => {});
    const seen = (what: RegExp) => eventually(() => what.exec(text), { withinMs: 20_000, what: String(what) });
    await seen(/event: fleet\ndata: .*"pending":4,.*"list":\[\{"connectionId":"hr1".*"connectionId":"quiet".*\n\n/);
    await append(2);
    await seen(/event: changes\ndata: .*"changed":\[\{"connectionId":"hr1".*"pending":6.*\n\n/);
    const sentAgain = text.slice(text.indexOf('event: changes'));
    assert.doesNotMatch(sentAgain, /"connectionId":"quiet"/, 'what did not change is not sent again');
    away = true;
    await seen(/event: away\ndata: \{"since":"/);
    fleet.stop();
    await close();
    await reading;
  } finally {
    fleet.stop();
    await close();
  }
});
