/* The forms of a 200 that Graph does not rule out: what was appended, what the answer tells, and what the ledger says of both. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startWith } from './client.ts';

interface Result {
  readonly type?: string;
  readonly startDateTime?: string;
  readonly error: unknown;
}

async function answerOf(t: Parameters<typeof startWith>[0], resultShape: string) {
  const { call, ledger } = await startWith(t, { resultShape, seed: 5 });
  const { status, text } = await call({ entries: 6 });
  assert.equal(status, 200);
  const lines = await ledger();
  assert.equal(lines.length, 6, 'everything was appended');
  const told = lines.filter(({ answered }) => answered).length;
  const { value } = JSON.parse(text) as { value: readonly Result[] };
  return { value, told, known: new Set(lines.map(({ activity }) => activity['startDateTime'])) };
}

test('a short answer leaves activities out, and the ledger says which nobody was told of', async (t) => {
  const { value, told } = await answerOf(t, 'short');
  assert.ok(value.length < 6);
  assert.equal(told, value.length);
});

test('a long answer has a result of nobody, a foreign one has it in place of another', async (t) => {
  const long = await answerOf(t, 'long');
  assert.deepEqual([long.value.length, long.told], [7, 6]);
  assert.equal(long.value.filter(({ startDateTime }) => !long.known.has(startDateTime)).length, 1);
  const foreign = await answerOf(t, 'foreign');
  assert.deepEqual([foreign.value.length, foreign.told], [6, 5]);
});

test('a repeated result, another spelling of the instant and results without names tell everything', async (t) => {
  const repeated = await answerOf(t, 'repeated');
  assert.deepEqual([repeated.value.length, repeated.told], [7, 6]);
  assert.equal(new Set(repeated.value.map(({ startDateTime }) => startDateTime)).size, 6);
  const normalised = await answerOf(t, 'normalised');
  assert.equal(normalised.told, 6);
  for (const { startDateTime } of normalised.value) assert.match(startDateTime ?? '', /\.\d{7}Z$/);
  assert.deepEqual(
    (await answerOf(t, 'nameless')).value,
    Array.from({ length: 6 }, () => ({ error: null })),
  );
});

test('a garbled answer appends everything and tells nothing', async (t) => {
  const { call, ledger } = await startWith(t, { shares: { garbled: 1 } });
  const { status, text } = await call({ entries: 3 });
  assert.equal(status, 200);
  assert.throws(() => JSON.parse(text));
  assert.deepEqual(
    (await ledger()).map(({ answered }) => answered),
    [false, false, false],
  );
});
