/* bull-board on a real Redis: it shows the queues, and there is no way to change them through it. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { openRedisStore, type RedisStore } from '@sluice/store';
import { type RedisServer, startRedis } from '@sluice/testing';
import { type Board, openBoard, openWakeups } from '../src/index.ts';

let server: RedisServer;
let store: RedisStore;
let board: Board;
const onError = () => {};
before(async () => {
  server = await startRedis();
  store = openRedisStore({ url: server.url, role: 'worker', onError });
  board = openBoard({ store, basePath: '/queues', line: '<p>wake-ups</p>', onError });
});
after(async () => {
  await board.close();
  await store.close();
  await server.stop();
});

test('the page has the line on top, its own files by absolute path, and nothing that a strict policy forbids', async () => {
  for (const path of ['/', '/queue/drain']) {
    const page = await board.answer(path, {});
    const html = String(page?.body);
    assert.match(html, /<body[^>]*><p>wake-ups<\/p>/);
    assert.match(html, /<base href="\/queues\/"/);
    assert.doesNotMatch(html, /<style|style="|https:|<%|(?:src|href)="static/);
    const scripts = [...html.matchAll(/src="\/queues(\/static\/[^"]+)"/g)].map(([, file]) => file!);
    assert.ok(scripts.length > 0);
    for (const file of scripts) {
      const answer = await board.answer(file, {});
      assert.deepEqual([answer?.status, answer?.immutable], [200, true], file);
    }
  }
});

test('a wake-up that waits is seen, in a queue that is read-only', async () => {
  const wakeups = openWakeups({ store, onError });
  await wakeups.wake('hr', 0);
  await wakeups.close();
  const answer = await board.answer('/api/queues', {
    activeQueue: 'drain',
    status: 'waiting',
    page: '1',
    jobsPerPage: '10',
  });
  const { queues } = JSON.parse(String(answer?.body)) as { queues: readonly Record<string, unknown>[] };
  assert.deepEqual(
    queues.map((queue) => [queue['name'], queue['readOnlyMode']]),
    [
      ['drain', true],
      ['sweep', true],
    ],
  );
  const jobs = queues[0]!['jobs'] as readonly { readonly data: unknown }[];
  assert.deepEqual(
    jobs.map((job) => job.data),
    [{ connectionId: 'hr' }],
  );
});

test('no path leads out of the board’s own folder, and what it does not know is nothing', async () => {
  for (const path of [
    '/static/../../package.json',
    '/static/%2e%2e/index.ejs',
    '/static/../index.ejs',
    '/nowhere',
    '/api/nowhere',
  ]) {
    assert.equal(await board.answer(path, {}), null, path);
  }
  assert.equal((await board.answer('/api/queues/%zz/metrics', {}))?.status, 404, 'a name is no URL any more');
});
