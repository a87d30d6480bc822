import assert from 'node:assert/strict';
import test from 'node:test';
import { LOG_LINES_MAX, spawnService } from './spawn-service.ts';

const entryFile = 'packages/testing/test/fixtures/pretend-service.ts';

test('a service is there when it says started, its url is the one it listens on, and SIGTERM stops it', async () => {
  const service = await spawnService({ entryFile, args: ['drain'] });
  assert.equal(service.url, 'http://127.0.0.1:01');
  assert.deepEqual((await service.waitFor('env'))['args'], ['drain']);
  assert.deepEqual(await service.kill(), { code: 0, signal: null });
  assert.equal(service.logs.at(-1)?.msg, 'stopped');
  assert.deepEqual(await service.exited, { code: 0, signal: null });
});

test('it inherits no setting of the product, only what it is given', async () => {
  process.env['SLUICE_LINGER_MS'] = '7';
  const services = [
    await spawnService({ entryFile }),
    await spawnService({ entryFile, env: { SLUICE_LINGER_MS: '5' } }),
  ];
  assert.equal((await services[0]!.waitFor('env'))['sluice'], null);
  assert.equal((await services[1]!.waitFor('env'))['sluice'], '5');
  for (const service of services) await service.kill('SIGKILL');
});

test('a service that exits before it is ready is an error with its exit code and last lines', async () => {
  const starting = spawnService({ entryFile, env: { PRETEND: 'exit' } });
  await assert.rejects(starting, /exited \(78\) before it said "started"[\s\S]*SLUICE_LINGER_MS must be a number/);
});

test('a service that is expected to exit is not waited for', async () => {
  const service = await spawnService({ entryFile, env: { PRETEND: 'exit' }, readyMsg: null });
  assert.equal((await service.exited).code, 78);
  assert.equal(service.logs[0]?.msg, 'SLUICE_LINGER_MS must be a number');
});

test('a line that does not come is an error that shows the last lines', async () => {
  const service = await spawnService({ entryFile });
  const waiting = service.waitFor('line', { withinMs: 50 });
  await assert.rejects(waiting, /says "line": did not happen within 50 ms[\s\S]*"msg":"started"/);
  await service.kill('SIGKILL');
});

test('waitFor finds the line that the predicate agrees with; old lines are forgotten', async () => {
  const service = await spawnService({ entryFile, env: { PRETEND_LINES: String(LOG_LINES_MAX + 10) } });
  assert.equal((await service.waitFor('line', { where: (line) => Number(line['n']) > 100 }))['n'], 101);
  assert.equal(service.logs.length, LOG_LINES_MAX);
  await service.kill('SIGKILL');
});
