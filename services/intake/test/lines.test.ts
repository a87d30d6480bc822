/* Bodies of lines, piece by piece. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { listen, stopServer } from '@sluice/http';
import { eventually } from '@sluice/testing';
import { BULK_URL, ITEM_URL, openFakeIntake, stored, VALID } from './fake-parts.ts';

const NDJSON = { 'content-type': 'application/x-ndjson' };
const lineOf = (n: number, more = {}) => JSON.stringify({ itemId: `a${n % 7}`, ...VALID, ...more });
const linesOf = (count: number) => Array.from({ length: count }, (_, n) => lineOf(n));

test('lines are stored in pieces as they fill; the answer counts all and names bad lines from 1', async () => {
  const { post, store, get } = openFakeIntake();
  const lines = linesOf(1201);
  lines[600] = '{';
  lines[900] = lineOf(1, { type: 'Viewed' });
  const answer = await post(BULK_URL, `\ufeff${lines.join('\r\n')}`, NDJSON);
  assert.equal(answer.status, 207);
  const { rejected, ...body } = answer.body;
  const ids = { receiptId: 's0AAAAAAAAAAAA', connectionId: 'hr1' };
  assert.deepEqual(body, { ...ids, accepted: 1199, duplicates: 0, rejectedTotal: 2 });
  assert.deepEqual(rejected, [
    {
      line: 601,
      pointer: '#',
      code: 'line_not_json',
      message: rejected[0].message,
    },
    {
      line: 901,
      pointer: '#/type',
      code: 'type_unknown',
      message: 'type must be one of viewed, modified, created, commented. Did you mean "viewed"?',
    },
  ]);
  assert.match(String(rejected[0]?.message), /^The line is not valid JSON/);
  assert.equal(answer.headers['location'], '/v1/receipts/s0AAAAAAAAAAAA');
  assert.equal(answer.headers['sluice-durability'], 'fsync');
  assert.deepEqual(
    store.pieces.map(({ groups, last, rejected: count, rejectedEntries }) => [
      groups.reduce((sum, { entries }) => sum + entries.length, 0),
      last,
      count,
      rejectedEntries.map(({ index }) => index),
    ]),
    [
      [500, false, 0, []],
      [500, false, 2, [600, 900]],
      [199, true, 0, []],
    ],
  );
  assert.match((await get('/metrics')).body, /sluice_accept_rejected_entries_total\{code="line_not_json"\} 1/);
});

test('all valid is 202; none valid or none there is 400 and nothing is stored', async () => {
  const { post, store } = openFakeIntake();
  assert.equal((await post(BULK_URL, `${lineOf(1)}\n`, NDJSON)).status, 202);
  assert.equal(store.pieces.length, 1);
  for (const text of ['\n\n', ' \r\n']) {
    const answer = await post(BULK_URL, text, NDJSON);
    assert.deepEqual([answer.status, answer.body.code], [400, 'no_activities']);
  }
  const none = await post(BULK_URL, '5\n{}', NDJSON);
  assert.deepEqual([none.status, none.body.code, none.body.rejectedTotal], [400, 'no_valid_activity', 2]);
  assert.deepEqual(
    none.body.rejected.map(({ line, pointer, code }: Record<string, unknown>) => [line, pointer, code]),
    [
      [1, '#', 'activity_not_object'],
      [2, '#/itemId', 'item_id_missing'],
    ],
  );
  const long = await post(BULK_URL, lineOf(1, { '@odata.x': 'x'.repeat(20_000) }), NDJSON);
  assert.deepEqual([long.status, long.body.rejected[0].code], [400, 'line_too_long']);
  assert.equal(store.pieces.length, 1);
  assert.equal((await post(ITEM_URL, lineOf(1), NDJSON)).status, 415);
  assert.equal((await post('/v1/connections/%2e%2e%2f/activities', lineOf(1), NDJSON)).status, 400);
});

test('a thousand bad lines are named, more are counted; a receipt names a hundred', async () => {
  const { post, store } = openFakeIntake();
  const answer = await post(BULK_URL, [...Array.from({ length: 1500 }, () => '5'), lineOf(1)].join('\n'), NDJSON);
  assert.deepEqual([answer.status, answer.body.rejected.length, answer.body.rejectedTotal], [207, 1000, 1500]);
  assert.deepEqual([store.pieces[0]?.rejected, store.pieces[0]?.rejectedEntries.length], [1500, 100]);
});

test('the store away in the middle: 503 with what was accepted and the line up to which all is decided', async () => {
  const { post, store } = openFakeIntake({}, { limits: { retryAfterMs: 1 } });
  store.onAppend = (piece) => (piece.sequence < 3 ? stored(piece) : Promise.reject(new Error('away')));
  const lines = linesOf(3000);
  lines[10] = '{';
  lines[1100] = '{';
  const answer = await post(BULK_URL, lines.join('\n'), NDJSON);
  assert.deepEqual([answer.status, answer.body.code, answer.headers['retry-after']], [503, 'store_unavailable', '1']);
  const { accepted, duplicates, rejectedTotal, rejected, lastLine, receiptId } = answer.body;
  assert.deepEqual([accepted, duplicates, rejectedTotal, lastLine], [1000, 0, 1, 1001]);
  assert.deepEqual([rejected.length, receiptId], [1, 's0AAAAAAAAAAAA']);
  assert.equal(store.pieces.at(-1)?.sequence, 3);
});

test('below the durability that is promised nothing is stored', async () => {
  const { post, store } = openFakeIntake();
  store.durability = 'memory';
  const answer = await post(BULK_URL, lineOf(1), NDJSON);
  assert.deepEqual([answer.status, answer.body.code, answer.body.lastLine], [503, 'durability_not_reached', 0]);
  assert.equal(store.pieces.length, 0);
});

/** A body that a test feeds; the answer is whatever fetch says. */
async function openStream(t: TestContext, intake: ReturnType<typeof openFakeIntake>) {
  const url = await listen(intake.server, { host: '127.0.0.1', port: 0 });
  t.after(() => stopServer(intake.server, 1000));
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = writable.getWriter();
  const cut = new AbortController();
  const request = { method: 'POST', headers: NDJSON, body: readable, duplex: 'half', signal: cut.signal } as const;
  const answer = fetch(url + BULK_URL, request).then(
    (response) => response.status,
    () => 0,
  );
  return { write: (text: string) => writer.write(Buffer.from(text)), cut: () => cut.abort(), answer };
}

test('who hangs up has stored what was full; its receipt is never complete', async (t) => {
  const intake = openFakeIntake();
  const { write, cut, answer } = await openStream(t, intake);
  await write(`${linesOf(700).join('\n')}\n`);
  await eventually(() => intake.store.pieces.length === 1, { withinMs: 5000, what: 'the first piece' });
  cut();
  assert.equal(await answer, 0);
  // A request after it proves that nothing more came of the first.
  assert.equal((await intake.post(ITEM_URL, VALID)).status, 202);
  assert.deepEqual(
    intake.store.pieces.map(({ sequence, last }) => [sequence, last]),
    [
      [1, false],
      [2, true],
    ],
  );
});

test('while a piece is being stored nothing more is taken from the caller', async (t) => {
  const intake = openFakeIntake();
  const gate = Promise.withResolvers<void>();
  intake.store.onAppend = async (piece) => {
    await gate.promise;
    return stored(piece);
  };
  const { write, answer, cut } = await openStream(t, intake);
  const block = Buffer.alloc(65_536, `${lineOf(1)}\n`).toString();
  let written = 0;
  const writing = (async () => {
    while (written < 64 * 1024 * 1024) {
      await write(block);
      written += block.length;
    }
  })().catch(() => {});
  await eventually(() => intake.store.pieces.length === 1, { withinMs: 5000, what: 'the first piece' });
  let before = -1;
  await eventually(
    async () => {
      const stands = before === written;
      before = written;
      await new Promise((resolve) => setTimeout(resolve, 200));
      return stands;
    },
    { withinMs: 10_000, what: 'the caller cannot go on' },
  );
  assert.ok(written < 16 * 1024 * 1024, `${written} bytes were taken`);
  cut();
  gate.resolve();
  await Promise.all([writing, answer]);
});

test('what all streams together keep is bounded: pieces are smaller then, rejected lines are counted, and the room is given back', async () => {
  const { post, store } = openFakeIntake({}, { limits: { lineRoomMax: 30 } });
  const bad = Array.from({ length: 70 }, () => '{}');
  for (let n = 0; n < 3; n++) {
    store.pieces.length = 0;
    const answer = await post(BULK_URL, [...linesOf(65), ...bad].join('\n'), NDJSON);
    assert.deepEqual([answer.status, answer.body.accepted, answer.body.rejectedTotal], [207, 65, 70]);
    assert.equal(answer.body.rejected.length, 30);
    const sizes = store.pieces.map(({ groups }) => groups.reduce((sum, { entries }) => sum + entries.length, 0));
    assert.deepEqual(sizes, [30, 30, 5]);
  }
});

test('one stream that keeps its lines waiting leaves others small pieces, not single lines', async (t) => {
  const intake = openFakeIntake({}, { limits: { lineRoomMax: 30 } });
  const { write, cut, answer } = await openStream(t, intake);
  await write(`${linesOf(29).join('\n')}\n`);
  const sizesOfOther = async () => {
    intake.store.pieces.length = 0;
    await intake.post(BULK_URL, linesOf(60).join('\n'), NDJSON);
    return intake.store.pieces.map(({ groups }) => groups.reduce((sum, { entries }) => sum + entries.length, 0));
  };
  await eventually(async () => assert.deepEqual(await sizesOfOther(), [20, 20, 20, 0]) ?? true, {
    withinMs: 10_000,
    what: 'its lines wait',
  });
  cut();
  await answer;
});

test('a flood of lines, blank ones too, leaves others their turn', async () => {
  for (const line of ['', '1']) {
    const { post } = openFakeIntake();
    let turns = 0;
    let over = false;
    const count = () => {
      turns++;
      if (!over) setImmediate(count);
    };
    setImmediate(count);
    await post(BULK_URL, `${line}\n`.repeat(50_000), NDJSON);
    over = true;
    assert.ok(turns > 40, `${turns} turns`);
  }
});
