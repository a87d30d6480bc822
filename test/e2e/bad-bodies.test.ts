/*
  Bodies that are too much, sent to a real intake over a raw socket: small on the wire and large inside, without an end, or cut off
  in the middle. Each is refused, nothing of it is stored, and the process neither grows by it nor stops.
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { assertProblem, attackIntake, BULK, type Parts, request, VALID } from '../support/attacked-intake.ts';

const { ask, assertNothingStored, assertStoredSoon, exchange, residentMib, expectStored } = attackIntake();

test('bombs: bodies that are small on the wire and large inside are refused, and the process does not grow by them', async (t) => {
  const mib = 1024 * 1024;
  const zipped = (text: Buffer | string) => ({ headers: ['content-encoding: gzip'], body: gzipSync(text) });
  const bombs: Readonly<Record<string, readonly [number, Parts]>> = {
    'one byte too many': [413, { body: `${VALID}${' '.repeat(4 * mib - VALID.length + 1)}` }],
    'gzip of 1,000 to 1': [413, zipped(Buffer.alloc(64 * mib, 0x20))],
    'gzip of gzip': [400, zipped(gzipSync(VALID))],
    'gzip cut off': [400, { headers: ['content-encoding: gzip'], body: gzipSync(VALID).subarray(0, 40) }],
    'gzip that is none': [400, { headers: ['content-encoding: gzip'] }],
    'gzip with more behind it': [
      400,
      { headers: ['content-encoding: gzip'], body: Buffer.concat([gzipSync(VALID), Buffer.from('{}')]) },
    ],
    'lists 5,000 deep': [400, { body: '['.repeat(5000) + ']'.repeat(5000) }],
    'lists a million deep': [400, { body: '['.repeat(1_000_000) }],
    'objects 17 deep': [400, { body: `${'{"a":'.repeat(17)}1${'}'.repeat(17)}` }],
    'a hundred thousand members': [400, { body: `{${Array.from({ length: 100_000 }, (_, n) => `"k${n}":1`)}}` }],
    'a million values': [400, { path: BULK, body: `{"activities":[${'1,'.repeat(999_999)}1]}` }],
    'a hundred thousand empty objects': [400, { path: BULK, body: `{"activities":[${'{},'.repeat(100_000)}{}]}` }],
    'too many activities': [413, { path: BULK, body: `{"activities":[${Array(5001).fill(VALID)}]}` }],
    'names that collide': [400, { body: `{${Array.from({ length: 5000 }, (_, n) => `"${collide(n)}":1`)}}` }],
    'a text of 4 MB': [400, { body: JSON.stringify({ type: 'x'.repeat(3 * mib) }) }],
    'a number of a million digits': [400, { body: `{"type":${'9'.repeat(1_000_000)}}` }],
  };
  // Twice: the first round pays for what the process allocates once.
  let grownFrom = 0;
  for (let round = 0; round < 2; round++) {
    grownFrom = residentMib();
    for (const [name, [status, parts]] of Object.entries(bombs)) {
      const answer = await ask(parts);
      assert.equal(answer.status, status, `${name}: ${answer.body.slice(0, 200)}`);
      assertProblem(answer, name);
      assert.ok(answer.body.length < 400_000, `${name}: the answer is bounded too`);
    }
  }
  const grown = residentMib() - grownFrom;
  t.diagnostic(`grown by ${grown.toFixed(0)} MiB`);
  assert.ok(grown < 50, `grown by ${grown.toFixed(0)} MiB`);
  await assertNothingStored();
  const most = await ask({ body: `${VALID}${' '.repeat(4 * mib - VALID.length)}` });
  assert.equal(most.status, 202, 'exactly at the limit');
  assert.equal((await ask(zipped(VALID))).status, 202);
  expectStored(2);
  await assertNothingStored();
});

/** Different names that a simple hash by sums puts into the same place. */
function collide(n: number): string {
  return n.toString(2).padStart(13, '0').replaceAll('0', 'AaBB').replaceAll('1', 'BBAa');
}

test('an endless body of chunks is cut off, and so is one of lines in gzip', async () => {
  const head = request({ headers: ['transfer-encoding: chunked'], body: '', framed: false });
  const { answers, closed } = await exchange(head, {
    onSent: (socket) => {
      const chunk = `10000\r\n${' '.repeat(65_536)}\r\n`;
      const more = () => {
        while (socket.writable && socket.write(chunk));
      };
      socket.on('drain', more);
      more();
    },
  });
  assert.ok(closed);
  if (answers[0] !== undefined) assert.equal(answers[0].status, 413);
  const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, 0x20));
  const lines = await ask({
    path: BULK,
    headers: ['content-type: application/x-ndjson', 'content-encoding: gzip'],
    body: bomb,
  });
  assert.equal(assertProblem(lines, 'a line without end'), 'no_valid_activity');
  await assertNothingStored();
});

test('a caller who leaves in the middle leaves nothing behind, and a whole request whose caller has left is whole', async () => {
  await exchange(request({}), { halfClose: true });
  expectStored(1);
  await assertStoredSoon();
  const whole = request({});
  const left = await Promise.all(
    Array.from({ length: 200 }, (_, n) =>
      exchange(whole.subarray(0, 1 + ((n * 7) % (whole.length - 1))), {
        onSent: (socket) => setTimeout(() => socket.destroy(), 20),
      }),
    ),
  );
  assert.ok(left.every(({ answers }) => answers.length === 0));
  const halfSent = await exchange(whole.subarray(0, whole.length - 5), { halfClose: true });
  assert.ok(
    halfSent.answers.every(({ status }) => status === 400),
    'a body that is cut off is not taken',
  );
  await assertNothingStored();
});
