/* What a webhook is told: once when a state begins and once when it ends, by one of several consoles. */
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { makeDeadLetter } from '@sluice/testing';
import { makeNotice, type Notice } from '../src/alerts/make-notice.ts';
import { postNotice } from '../src/alerts/post-notice.ts';
import { type AlertParts, lookOnce } from '../src/alerts/watch-alerts.ts';
import { CONNECTION, openTestConsole, type TestConsole } from './open-test-console.ts';

/** Consoles that look at the store of one. */
function lookers({ store }: Pick<TestConsole, 'store'>, count: number, parts: Partial<AlertParts> = {}) {
  const told: Notice[] = [];
  async function look() {
    const ids = await store.connectionIds();
    const views = (await Promise.all(ids.map((id) => store.connection(id)))).filter((view) => view !== null);
    const reading = { nowMs: views.at(-1)?.nowMs ?? 0, views, total: views.length, workers: 1, tenants: [] };
    const one: AlertParts = {
      fleet: { latest: () => reading, awaySinceMs: () => null },
      store,
      tenants: ['default'],
      ageMs: 900_000,
      wordsOf: ({ state }) => `${state}.`,
      tell: async (notice) => void told.push(notice),
      onError: (error) => assert.fail(String(error)),
      ...parts,
    };
    await Promise.all(Array.from({ length: count }, () => lookOnce(one)));
  }
  return { told, look };
}
const saidBy = (notices: readonly Notice[]) =>
  notices.flatMap(({ alerts }) =>
    alerts.map(({ phase, kind, connection, tenant }) => [phase, kind, connection ?? tenant]),
  );

test('of three consoles one tells that dead letters grow, and one that it is over', async () => {
  const opened = openTestConsole();
  const { told, look } = lookers(opened, 3);
  await look();
  assert.equal(told.length, 0);
  await opened.end('a', 100, makeDeadLetter());
  await look();
  await look();
  assert.deepEqual(saidBy(told), [['begun', 'dead-letters', CONNECTION]]);
  await opened.clock.advance(900_001);
  await look();
  assert.deepEqual(saidBy(told.slice(-1)), [['ended', 'dead-letters', CONNECTION]]);
  assert.match(told[1]!.text, /^Sluice: over: connection hr1: dead letters grow\.$/);
});

test('an activity that waits too long is told, and when it is gone', async () => {
  const opened = openTestConsole();
  const { told, look } = lookers(opened, 1, { ageMs: 1000 });
  await opened.end('a', 2, { kind: 'requeue', delayMs: 60_000, counted: false, group: 0 });
  await opened.clock.advance(5000);
  await look();
  assert.deepEqual(saidBy(told), [['begun', 'oldest', CONNECTION]]);
  assert.match(
    told[0]!.text,
    /connection hr1: activities wait too long\. The oldest activity has waited for 6 s\. State: flowing\.$/,
  );
});

test('a credential that ends within two weeks is told by tenant, and of a tenant that is gone nothing', async () => {
  const opened = openTestConsole();
  const { told, look } = lookers(opened, 2);
  const { nowMs } = await opened.store.fleetNotes();
  await opened.store.noteCredential('default', nowMs + 5.5 * 86_400_000);
  await opened.store.noteCredential('gone', nowMs);
  await look();
  assert.deepEqual(saidBy(told), [['begun', 'credential', 'default']]);
  assert.match(told[0]!.text, /tenant default: the credential ends\. It ends in 5 days\./);
  await opened.store.noteCredential('default', nowMs + 300 * 86_400_000);
  await look();
  assert.deepEqual(saidBy(told).at(-1), ['ended', 'credential', 'default']);
});

test('what nobody took is told again after a while, and nothing is said while Redis is away', async () => {
  const opened = openTestConsole();
  let deaf = true;
  const taken: Notice[] = [];
  const { look } = lookers(opened, 2, {
    tell: async (notice) => {
      if (deaf) throw new Error('nobody took it');
      taken.push(notice);
    },
  });
  await opened.end('a', 100, makeDeadLetter());
  await assert.rejects(look(), /nobody took it/);
  deaf = false;
  await look();
  assert.deepEqual(taken, []);
  await opened.clock.advance(60_000);
  await look();
  assert.equal(taken.length, 1);
  const away = lookers(opened, 1, { fleet: { latest: () => null, awaySinceMs: () => 5 } });
  await away.look();
  assert.deepEqual(away.told, []);
});

test('a connection that is not read is neither well nor ill', async () => {
  const opened = openTestConsole();
  const seeing = lookers(opened, 1);
  await opened.end('a', 100, makeDeadLetter());
  await seeing.look();
  const blind = lookers(opened, 1, {
    fleet: { latest: () => ({ nowMs: 0, views: [], total: 1, workers: 1, tenants: [] }), awaySinceMs: () => null },
  });
  await blind.look();
  assert.deepEqual(blind.told, []);
});

test('a notice of a fleet names twenty, and how many more', () => {
  const changes = Array.from({ length: 500 }, (_, n) => ({ key: `held/c${n}`, text: 'why.', phase: 'begun' as const }));
  const { text, alerts } = makeNotice(changes);
  assert.equal(alerts.length, 20);
  assert.equal(text.split('\n').length, 21);
  assert.match(text, /^Sluice: connection c0 is held\. why\.\n/);
  assert.match(text, /\nSluice: and 480 more\.$/);
});

test('a notice is posted as JSON, tried three times at most, never redirected, and no error has the address', async () => {
  const statuses: number[] = [];
  const bodies: unknown[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    bodies.push(JSON.parse(Buffer.concat(chunks).toString()));
    response.writeHead(statuses.shift() ?? 200, { location: '/elsewhere' }).end('no');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/canary?sig=canary`;
  const notice = makeNotice([{ key: 'held/hr', text: 'why.', phase: 'begun' }]);
  const post = (to = url) => postNotice(notice, { url: to, signal: new AbortController().signal, pauseMs: 1 });
  await post();
  assert.deepEqual(bodies.splice(0), [notice]);
  statuses.push(500, 429);
  await post();
  assert.equal(bodies.splice(0).length, 3);
  for (const [answers, posts] of [
    [[500, 500, 500], 3],
    [[404], 1],
    [[307], 1],
  ] as const) {
    statuses.push(...answers);
    await assert.rejects(post(), (error: Error) => /answered/.test(error.message) && !/canary/.test(error.message));
    assert.equal(bodies.splice(0).length, posts);
  }
  server.close();
  server.closeAllConnections();
  await assert.rejects(post(), /could not be reached \(ECONNREFUSED\)/);
});
