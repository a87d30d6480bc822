import assert from 'node:assert/strict';
import test from 'node:test';
import { makeServiceEnv } from './make-service-env.ts';

const AT = { redisUrl: 'redis://127.0.0.1:1', port: 5, dataDir: '/data' };

test('the emulator gets none of the real Graph’s credentials', () => {
  const env = { PATH: '/bin', GRAPH_CLIENT_SECRET: 'real', AZURE_CLIENT_ID: 'real', GRAPH_VERSION: 'beta', PORT: '0' };
  const made = makeServiceEnv(env, { ...AT, emulatorUrl: 'http://127.0.0.1:9' });
  assert.ok(!Object.values(made).includes('real'));
  assert.equal(made['GRAPH_VERSION'], 'beta');
  assert.equal(made['GRAPH_BASE_URL'], 'http://127.0.0.1:9');
  assert.equal(made['PORT'], '5');
  assert.equal(made['PATH'], '/bin');
});

test('without the emulator the environment’s Graph is left as it is', () => {
  const made = makeServiceEnv(
    { GRAPH_CLIENT_SECRET: 'real', GRAPH_BASE_URL: 'https://g' },
    { ...AT, emulatorUrl: null },
  );
  assert.equal(made['GRAPH_CLIENT_SECRET'], 'real');
  assert.equal(made['GRAPH_BASE_URL'], 'https://g');
});

test('a file that says where Redis is stays the only one that does', () => {
  const made = makeServiceEnv({ REDIS_URL_FILE: '/run/redis-url' }, { ...AT, emulatorUrl: null });
  assert.deepEqual([made['REDIS_URL'], made['REDIS_URL_FILE']], [undefined, '/run/redis-url']);
  assert.equal(makeServiceEnv({}, { ...AT, emulatorUrl: null })['REDIS_URL'], AT.redisUrl);
});
