/*
  A real intake that is sent what must not come in, over a raw socket. After each test it takes what is valid, nothing has failed
  inside, and nothing was stored that the test has not told of.
*/
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, afterEach, before } from 'node:test';
import { eventually } from '@sluice/testing';
import { openAdmin } from '../../packages/store/test/support/open-admin.ts';
import { exchangeRaw, type RawAnswer } from './raw-socket.ts';
import { type System, startSystem } from './start-system.ts';

export const VALID = JSON.stringify({
  type: 'viewed',
  startDateTime: '2026-01-31T13:45:00Z',
  performedBy: { type: 'externalGroup', id: 'g' },
});
export const ITEM = '/v1/connections/hr1/items/a1/activities';
export const BULK = '/v1/connections/hr1/activities';

export interface Parts {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Buffer;
  /** content-length is written unless the headers say how the body ends. */
  readonly framed?: boolean;
}

export function request({ path = ITEM, method = 'POST', headers = [], body = VALID, framed = true }: Parts): Buffer {
  const bytes = Buffer.from(body);
  const typed = headers.some((line) => /^content-type/i.test(line)) ? [] : ['content-type: application/json'];
  const length = framed ? [`content-length: ${bytes.length}`] : [];
  const head = [`${method} ${path} HTTP/1.1`, 'host: localhost', ...typed, ...headers, ...length, '', ''].join('\r\n');
  return Buffer.concat([Buffer.from(head, 'latin1'), bytes]);
}

/** A problem that a program can read and that says nothing of our insides. */
export function assertProblem(answer: RawAnswer | undefined, what: string): string {
  assert.ok(answer !== undefined && answer.status >= 400 && answer.status < 500, `${what}: ${answer?.status}`);
  assert.equal(answer.headers['content-type'], 'application/problem+json', what);
  const problem = JSON.parse(Buffer.from(answer.body, 'latin1').toString()) as Record<string, unknown>;
  assert.equal(problem['status'], answer.status, what);
  assert.match(String(problem['code']), /^[a-z][a-z0-9_]+$/, what);
  assert.ok(String(problem['detail']).length > 10, what);
  assert.doesNotMatch(answer.body, /node_modules|\.ts:|at \w+ \(|redis:|ECONN|[A-Z]{3}_ERR/, what);
  return String(problem['code']);
}

/** For the tests of one file: started before the first, stopped after the last. */
export function attackIntake() {
  let system: System;
  let redis: ReturnType<typeof openAdmin>;
  let stored = 0;

  async function storedEntries(): Promise<number> {
    const connections = await redis.keys('{s0}:c:*:meta');
    const pending = await Promise.all(connections.map((key) => redis.hget(key, 'pending')));
    return pending.reduce((sum, one) => sum + Number(one ?? 0), 0);
  }

  const exchange = (bytes: Buffer, options?: Parameters<typeof exchangeRaw>[2]) =>
    exchangeRaw(system.intakes[0]!.url!, bytes, options);

  async function ask(parts: Parts): Promise<RawAnswer> {
    const { answers } = await exchange(request(parts));
    assert.equal(answers.length, 1, `${parts.method ?? 'POST'} ${parts.path ?? ITEM}`);
    return answers[0]!;
  }

  before(async () => {
    system = await startSystem({ workers: 0, intakes: 1, env: { SLUICE_DEDUPE: 'off' } });
    redis = openAdmin(system.redis);
  });
  after(async () => {
    redis.disconnect();
    await system.stop();
  });
  afterEach(async () => {
    const { status } = await ask({});
    assert.equal(status, 202, 'the intake goes on');
    const failed = system.intakes[0]!.logs.filter(({ level }) => level >= 50 || level === 0);
    assert.deepEqual(failed, [], 'nothing failed inside');
    stored = await storedEntries();
  });

  return {
    exchange,
    ask,
    /** So many were taken rightly. */
    expectStored: (entries: number): void => {
      stored += entries;
    },
    assertNothingStored: async (): Promise<void> => {
      assert.equal(await storedEntries(), stored);
    },
    assertStoredSoon: async (): Promise<void> => {
      await eventually(async () => (await storedEntries()) === stored, { withinMs: 10_000, what: 'it is stored' });
    },
    residentMib: (): number => {
      const status = readFileSync(`/proc/${system.intakes[0]!.pid}/status`, 'utf8');
      return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024;
    },
  };
}
