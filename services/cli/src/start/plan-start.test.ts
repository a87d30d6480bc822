import assert from 'node:assert/strict';
import { homedir } from 'node:os';
import test from 'node:test';
import { fileURLToPath } from 'node:url';
import { planStart } from './plan-start.ts';
import type { StartPlan, StartRefusal } from './start-plan.ts';

function plan(args: readonly string[], env: NodeJS.ProcessEnv = {}): StartPlan {
  const planned = planStart(args, { env, cwd: '/here', root: '/clone' });
  if ('refusal' in planned) assert.fail(planned.refusal);
  return planned;
}

function refusal(args: readonly string[], env: NodeJS.ProcessEnv = {}): StartRefusal {
  const planned = planStart(args, { env, cwd: '/here', root: '/clone' });
  assert.ok('refusal' in planned);
  return planned;
}

const ports = ({ services, redis }: StartPlan) => [
  ...services.map(({ name, port }) => `${name} ${port}`),
  redis.kind === 'embedded' ? `redis ${redis.port}` : redis.url,
];

test('without options: emulator, intake and two workers on the ports everybody knows', () => {
  assert.deepEqual(ports(plan([])), [
    'emulator 8090',
    'intake 8080',
    'console 8081',
    'worker-1 9464',
    'worker-2 9465',
    'redis 6399',
  ]);
  assert.equal(plan([]).dataDir, '/clone/.sluice');
  assert.equal(plan([]).shutdownMs, 25_000);
});

test('PORT=0 takes a free port for all', () => {
  assert.deepEqual(ports(plan([], { PORT: '0' })), [
    'emulator 0',
    'intake 0',
    'console 0',
    'worker-1 0',
    'worker-2 0',
    'redis 0',
  ]);
});

test('any other PORT is the intake’s; an option beats it', () => {
  assert.deepEqual(ports(plan(['--workers', '0'], { PORT: '3000' })), [
    'emulator 8090',
    'intake 3000',
    'console 8081',
    'redis 6399',
  ]);
  assert.deepEqual(ports(plan(['--workers=0', '--port=0', '--redis-port=7'], { PORT: '3000' })), [
    'emulator 8090',
    'intake 0',
    'console 8081',
    'redis 7',
  ]);
});

test('REDIS_URL is used instead of a Redis of our own, paths count from where the person is', () => {
  const planned = plan(['--producer', 'git:repo'], { REDIS_URL: 'redis://r:1', SLUICE_DATA_DIR: 'data' });
  assert.deepEqual(planned.redis, { kind: 'given', url: 'redis://r:1' });
  assert.equal(planned.dataDir, '/here/data');
  assert.equal(planned.producer?.path, '/here/repo');
  assert.equal(plan(['--producer', 'git:~/repo']).producer?.path, `${homedir()}/repo`);
});

test('a file may say where Redis is; one that cannot be read is named', () => {
  const path = fileURLToPath(new URL('../../package.json', import.meta.url));
  assert.match(ports(plan([], { REDIS_URL_FILE: path })).at(-1)!, /^\{.*"name": ".*\}$/s);
  const { refusal: text, exitCode } = refusal([], { REDIS_URL_FILE: '/not/there' });
  assert.equal(exitCode, 78);
  assert.match(text, /^REDIS_URL_FILE: \/not\/there cannot be read: /);
});

test('the real Graph needs its credentials, and what is missing is named', () => {
  const { refusal: text, exitCode } = refusal(['--no-emulator'], { GRAPH_CLIENT_ID: 'c' });
  assert.equal(exitCode, 78);
  assert.match(text, /GRAPH_TENANT_ID, GRAPH_CLIENT_SECRET are not set/);
  const env = { GRAPH_TENANT_ID: 't', AZURE_CLIENT_ID: 'c', GRAPH_CLIENT_SECRET_FILE: '/f' };
  const planned = plan(['--no-emulator'], env);
  assert.equal(planned.emulated, false);
  assert.ok(planned.services.every(({ role }) => role !== 'emulator'));
});

test('what cannot be meant is refused with the rule', () => {
  assert.match(refusal(['--workers', '17']).refusal, /--workers is a whole number from 0 to 16, not "17"/);
  assert.equal(refusal(['--workers', '-1']).exitCode, 2);
  assert.match(refusal(['--workers']).refusal, /workers/);
  assert.match(refusal(['--producer', '/repo']).refusal, /git:PATH/);
  assert.match(refusal(['--exit']).refusal, /needs --producer/);
  assert.match(refusal(['everything']).refusal, /everything/);
  assert.deepEqual(refusal([], { PORT: '70000' }), {
    refusal: 'PORT is a whole number from 0 to 65535, not "70000".',
    exitCode: 78,
  });
});
