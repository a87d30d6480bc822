import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import fc from 'fast-check';
import { createLogger, type Logger } from './logger.ts';

function recorder(level?: string): { logger: Logger; lines: string[]; last: () => Record<string, unknown> } {
  const lines: string[] = [];
  const logger = createLogger('intake', level, { write: (line) => lines.push(line) });
  return { logger, lines, last: () => JSON.parse(lines.at(-1) ?? 'null') };
}

test('a line carries level, ISO time, service, the fields and msg', () => {
  const { logger, last } = recorder();
  logger.info({ url: 'http://127.0.0.1:8080', status: 202, ok: true }, 'listening');
  const { time, ...rest } = last();
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  assert.deepEqual(rest, {
    level: 'info',
    service: 'intake',
    url: 'http://127.0.0.1:8080',
    status: 202,
    ok: true,
    msg: 'listening',
  });
});

test('an error shows type, message, code and causes, and its stack only at debug', () => {
  const cause = Object.assign(new TypeError('deep'), { code: 'E_DEEP', headers: { authorization: 'Bearer canary' } });
  const error = Object.assign(new Error('shallow', { cause }), { code: 'E_TOP', body: 'canary' });
  const quiet = recorder();
  quiet.logger.child({ connection: 'hr' }).error({ err: error }, 'failed');
  assert.deepEqual(quiet.last()['err'], {
    type: 'Error',
    message: 'shallow',
    code: 'E_TOP',
    cause: { type: 'TypeError', message: 'deep', code: 'E_DEEP' },
  });
  assert.equal(quiet.last()['connection'], 'hr');
  const loud = recorder('debug');
  loud.logger.error({ err: error }, 'failed');
  assert.match(JSON.stringify(loud.last()), /logger\.test\.ts/);
  assert.doesNotMatch(loud.lines.join(), /canary/);
});

test('no credential leaves, wherever it stands', () => {
  const canary = 'CaNaRy0123456789';
  const places: readonly Record<string, unknown>[] = [
    { url: `redis://user:${canary}@host:6379` },
    { url: `rediss://:${canary}@host:6379/0` },
    { err: new Error(`connect redis://default:${canary}@h failed`) },
    { err: new Error('outer', { cause: new Error(`authorization: Bearer ${canary}`) }) },
    { err: new Error(`client_secret=${canary}&grant_type=client_credentials`) },
    { err: new Error(`{"access_token":"${canary}"}`) },
    { authorization: canary },
    { clientSecret: canary },
    { headers: { authorization: canary } },
    { config: { redisUrl: canary } },
    { list: [{ canary }, `Basic ${canary}`] },
    { text: `eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.${canary}` },
  ];
  const { logger, lines } = recorder('debug');
  for (const place of places) {
    logger.info(place, `Bearer ${canary}`);
    logger.child(place).warn(place, 'child');
  }
  assert.equal(lines.length, places.length * 2);
  assert.doesNotMatch(lines.join('\n'), new RegExp(canary));
});

test('what is short is logged as it is, what is long or nested is bounded or left out, and children keep what their parents say', () => {
  const { logger, last } = recorder();
  const many = Array.from({ length: 30 }, (_, n) => n);
  logger.info({ big: 12n, nothing: null, list: ['a', 1, { nested: true }, null], many, nested: {} }, 'shapes');
  const { time: _time, level: _level, service: _service, ...shown } = last();
  assert.deepEqual(shown, { big: '12', nothing: null, list: ['a', 1, null], many: many.slice(0, 20), msg: 'shapes' });
  const child = logger.child({ connection: 'hr', err: new Error('of the parent') }).child({ lease: 'l1' });
  child.info({}, 'child');
  assert.deepEqual(
    [last()['connection'], last()['lease'], last()['err']],
    ['hr', 'l1', { type: 'Error', message: 'of the parent' }],
  );
  logger.info({ password: 'x', apiKey: 'y', keyName: 'ops' }, 'named');
  assert.deepEqual([last()['password'], last()['apiKey'], last()['keyName']], ['[redacted]', '[redacted]', 'ops']);
  const ring: Error = new Error('0', { cause: new Error('1', { cause: new Error('2') }) });
  ((ring.cause as Error).cause as Error).cause = ring;
  logger.error({ err: ring }, 'a ring');
  assert.equal(JSON.stringify(last()['err']).match(/cause/g)?.length, 3, 'causes end');
  logger.error({ err: Object.assign(new Error('x'), { code: 7 }) }, 'a number');
  assert.deepEqual(last()['err'], { type: 'Error', message: 'x', code: 7 });
  logger.fatal({}, 'fatal');
  assert.equal(last()['level'], 'fatal');
});

test('whatever text is logged, a line is one line of JSON', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (field, text) => {
      const { logger, lines } = recorder();
      logger.info({ field: `${field}\r\n\u001b[31m`, many: [field] }, `${text}\n{"level":"fatal"}`);
      assert.equal(lines.length, 1);
      assert.equal(lines[0]?.trimEnd().includes('\n'), false);
      JSON.parse(lines[0] ?? '');
    }),
  );
});

test('lines below the level are not written, nor looked at', () => {
  const { logger, lines } = recorder('warn');
  const trap = Object.defineProperty({}, 'secret', { enumerable: true, get: () => assert.fail('looked at') });
  logger.info(trap, 'quiet');
  logger.child({ connection: 'hr' }).debug(trap, 'quiet');
  logger.warn({}, 'loud');
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).msg),
    ['loud'],
  );
  createLogger('intake', 'silent', { write: () => assert.fail('written') }).fatal({}, 'nothing');
});

test('a reader of stdout that is gone neither stops the process from going on nor from ending', async (t) => {
  const text = `
    const { createLogger } = await import(${JSON.stringify(new URL('logger.ts', import.meta.url).href)});
    const logger = createLogger('intake');
    process.stdin.once('end', () => {
      logger.info({}, 'nobody reads this');
      logger.info({}, 'nor this');
      setImmediate(() => process.exit(7));
    }).resume();
    logger.info({}, 'started');`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', text], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  await once(child.stdout, 'data');
  child.stdout.destroy();
  child.stdin.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  t.after(() => clearTimeout(timer));
  assert.deepEqual(await exited, [7, null]);
});
