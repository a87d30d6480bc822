/* A stream of 100,000 lines: every good one arrives once, the bad one is named, and the intake needs no memory for it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, type Service } from '@sluice/testing';
import { openStore } from '../support/conservation.ts';
import { type System, startSystem } from '../support/start-system.ts';

let system: System;
before(async () => {
  system = await startSystem({ workers: 0, intakes: 1 });
});
after(() => system.stop());

const LINES = 100_000;
const BAD_LINE = 50_001;
/** Blanks inside each line, which a line may have: 100,000 lines are 60 MiB, far more than the noise of a process. */
const BLANKS = ' '.repeat(480);
/** A stream that is not kept costs the same whatever its length; one that is kept costs its 60 MiB. */
const GROWTH_BYTES_MAX = 40 * 1024 * 1024;
/** Garbage that is not collected yet is no growth: with a heap this small it is collected soon. */
const SMALL_HEAP = { NODE_OPTIONS: '--max-old-space-size=64 --max-semi-space-size=1' };
const PERFORMER = '6f1d2c3b-4a5e-4f60-8a7b-9c0d1e2f3a4b';

const lineOf = (n: number) =>
  JSON.stringify({
    itemId: `item-${n % 200}`,
    type: 'viewed',
    startDateTime: new Date(Date.UTC(2026, 0, 1) + n).toISOString(),
    performedBy: { type: 'user', id: PERFORMER },
    id: `line-${n}`,
  });

async function* linesOf(count: number, blanks = '') {
  for (let from = 0; from < count; from += 500) {
    const lines = Array.from({ length: Math.min(500, count - from) }, (_, n) => from + n);
    const text = lines.map((n) => (n === BAD_LINE - 1 ? '{"itemId":' : `${blanks}${lineOf(n)}`)).join('\r\n');
    // No newline after the last one.
    yield Buffer.from(from + 500 < count ? `${text}\r\n` : text);
    await pause(0);
  }
}

async function postLines(connection: string, lines: AsyncIterable<Uint8Array>, intake = system.intakes[0]!) {
  const url = `${intake.url}/v1/connections/${connection}/activities`;
  const headers = { 'content-type': 'application/x-ndjson' };
  const response = await fetch(url, { method: 'POST', headers, body: ReadableStream.from(lines), duplex: 'half' });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function residentBytes({ pid }: Service): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) * 1024;
}

test('100,000 lines with a bad one: all others are stored, memory stays flat, and sent again they are all duplicates', async () => {
  const intake = await system.startIntake(SMALL_HEAP);
  // A first stream pays for what the process allocates once.
  await postLines('warm', linesOf(LINES, BLANKS), intake);
  const before = residentBytes(intake);
  let highest = before;
  const watching = setInterval(() => {
    highest = Math.max(highest, residentBytes(intake));
  }, 20);
  const { status, body } = await postLines('stream', linesOf(LINES, BLANKS), intake).finally(() =>
    clearInterval(watching),
  );
  const { receiptId, rejected, ...counts } = body as { receiptId: string; rejected: Record<string, unknown>[] };
  assert.equal(status, 207);
  assert.deepEqual(counts, { connectionId: 'stream', accepted: LINES - 1, duplicates: 0, rejectedTotal: 1 });
  assert.deepEqual(
    rejected.map(({ line, code }) => [line, code]),
    [[BAD_LINE, 'line_not_json']],
  );
  assert.ok(highest - before <= GROWTH_BYTES_MAX, `${((highest - before) / 2 ** 20).toFixed(1)} MiB more than before`);

  const again = await postLines('stream', linesOf(LINES));
  assert.deepEqual([again.status, again.body['accepted'], again.body['duplicates']], [207, 0, LINES - 1]);
  const store = openStore(system);
  const view = await store.connection('stream');
  await store.close();
  assert.deepEqual([view?.pending, view?.duplicates], [LINES - 1, LINES - 1]);
});

test('a stream may take longer than any request, as long as it moves', async () => {
  async function* slow() {
    for (let n = 0; n < 11; n++) {
      yield Buffer.from(`${lineOf(n)}\n`);
      await pause(1000);
    }
  }
  const { status, body } = await postLines('slow', slow());
  assert.deepEqual([status, body['accepted']], [202, 11]);
});

test('Redis killed in the middle: 503 with the line up to which all is decided; sent again, nothing is stored twice', async () => {
  const store = openStore(system);
  after(() => store.close());
  const pending = async () => (await store.connection('killed'))?.pending ?? 0;
  async function* untilKilled() {
    yield* linesOf(5000);
    yield Buffer.from('\r\n');
    await eventually(async () => (await pending()) > 0, { withinMs: 10_000, what: 'something is stored' });
    await system.redis.kill9();
    yield* linesOf(3000);
  }
  const { status, body } = await postLines('killed', untilKilled());
  const { accepted, lastLine } = body as { accepted: number; lastLine: number };
  assert.equal(status, 503);
  assert.ok(accepted > 0 && accepted === lastLine && lastLine <= 5000, `${accepted} accepted up to line ${lastLine}`);
  await system.redis.restart();
  const again = await eventually(
    async () => {
      const answer = await postLines('killed', linesOf(5000));
      return answer.status === 202 && answer.body;
    },
    { withinMs: 15_000, what: 'the stream is taken' },
  );
  assert.equal(Number(again['accepted']) + Number(again['duplicates']), 5000);
  assert.ok(Number(again['duplicates']) >= accepted);
  assert.equal(await pending(), 5000);
});
