import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Readiness } from '../src/index.ts';
import { startServer } from './start-server.ts';

test('live is live whatever is not ready; ready says why not', async (t) => {
  let readiness: Readiness = { ready: false, reason: 'Redis has not answered for 12 s.' };
  const { server } = await startServer(t, {}, { health: { ready: () => readiness } });
  const live = await server.app.inject({ url: '/health/live', headers: { host: 'localhost' } });
  assert.deepEqual([live.statusCode, live.json()], [200, { status: 'live' }]);
  const not = await server.app.inject({ url: '/health/ready', headers: { host: 'localhost' } });
  assert.deepEqual(
    [not.statusCode, not.json().code, not.json().detail],
    [503, 'not_ready', 'Redis has not answered for 12 s.'],
  );
  readiness = { ready: true };
  const ready = await server.app.inject({ url: '/health/ready', headers: { host: 'localhost' } });
  assert.deepEqual([ready.statusCode, ready.json()], [200, { status: 'ready' }]);
  assert.equal((await server.app.inject({ url: '/metrics', headers: { host: 'localhost' } })).statusCode, 404);
});

test('metrics are served as they were rendered', async (t) => {
  const metrics = async () => ({ contentType: 'text/plain; version=0.0.4; charset=utf-8', text: 'up 1\n' });
  const { server } = await startServer(t, {}, { health: { ready: () => ({ ready: true }), metrics } });
  const answer = await server.app.inject({ url: '/metrics', headers: { host: 'localhost' } });
  assert.equal(answer.headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
  assert.equal(answer.body, 'up 1\n');
});
