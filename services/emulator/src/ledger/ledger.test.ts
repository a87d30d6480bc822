import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { createCallSet } from './call-set.ts';
import { LEDGER_FILE, type Ledger, openLedger } from './ledger.ts';
import type { AppendedCall } from './ledger-line.ts';

const AT_MS = Date.parse('2026-01-01T00:00:00.123Z');

function newFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-test-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

async function openIn(t: TestContext, folder: string): Promise<Ledger> {
  const ledger = await openLedger(folder);
  t.after(() => ledger.close());
  return ledger;
}

const appended = (over: Partial<AppendedCall>): AppendedCall => ({
  call: 1,
  atMs: AT_MS,
  tenant: 'contoso',
  connection: 'tickets',
  item: 'a1',
  clientRequestId: null,
  activities: [{ type: 'viewed' }, { type: 'created' }],
  positions: [0, 1],
  answered: true,
  ...over,
});

type Line = Record<string, unknown>;

async function linesOf(ledger: Ledger, filter = {}): Promise<Line[]> {
  let text = '';
  for await (const piece of ledger.read(filter)) text += piece.toString('utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));
}

test('a line says what was appended, where, when and by which call', async (t) => {
  const ledger = await openIn(t, newFolder(t));
  const call = ledger.nextCall();
  ledger.append(appended({ call, clientRequestId: 'é "quoted" \n', positions: [1] }));
  assert.deepEqual(await linesOf(ledger), [
    {
      seq: 1,
      call: 1,
      at: '2026-01-01T00:00:00.123Z',
      tenant: 'contoso',
      connection: 'tickets',
      item: 'a1',
      position: 1,
      activity: { type: 'created' },
      clientRequestId: 'é "quoted" \n',
      answered: true,
    },
  ]);
});

test('it reads by tenant, connection and item', async (t) => {
  const ledger = await openIn(t, newFolder(t));
  ledger.append(appended({ call: 1 }));
  ledger.append(appended({ call: 2, item: 'a2' }));
  ledger.append(appended({ call: 3, connection: 'tickets2' }));
  ledger.append(appended({ call: 4, tenant: 'fabrikam' }));
  const calls = async (filter: object) => [...new Set((await linesOf(ledger, filter)).map(({ call }) => call))];
  assert.deepEqual(await calls({}), [1, 2, 3, 4]);
  assert.deepEqual(await calls({ item: 'a1' }), [1, 3, 4]);
  assert.deepEqual(await calls({ connection: 'tickets' }), [1, 2, 4]);
  assert.deepEqual(await calls({ tenant: 'contoso', connection: 'tickets', item: 'a1' }), [1]);
});

test('an answer that did not get out is corrected in what is read, also after a restart', async (t) => {
  const folder = newFolder(t);
  const before = await openLedger(folder);
  before.append(appended({ call: before.nextCall() }));
  before.append(appended({ call: before.nextCall() }));
  before.append(appended({ call: before.nextCall(), answered: false }));
  before.correctToUnanswered(2);
  const answered = async (ledger: Ledger) => (await linesOf(ledger)).map((line) => [line['call'], line['answered']]);
  const expected = [1, 1, 2, 2, 3, 3].map((call) => [call, call === 1]);
  assert.deepEqual(await answered(before), expected);
  before.close();
  assert.deepEqual(await answered(await openIn(t, folder)), expected);
});

test('numbers go on after a restart', async (t) => {
  const folder = newFolder(t);
  const before = await openLedger(folder);
  before.append(appended({ call: 41 }));
  before.append(appended({ call: 40 }));
  before.close();
  const ledger = await openIn(t, folder);
  assert.equal(ledger.nextCall(), 42);
  ledger.append(appended({ call: 42 }));
  assert.deepEqual(
    (await linesOf(ledger)).map(({ seq }) => seq),
    [1, 2, 3, 4, 5, 6],
  );
});

test('a last line that a kill cut off is dropped, and the next one stands whole', async (t) => {
  const folder = newFolder(t);
  const path = join(folder, LEDGER_FILE);
  const before = await openLedger(folder);
  before.append(appended({}));
  before.close();
  const whole = readFileSync(path, 'utf8');
  appendFileSync(path, '{"seq":3,"call":2,"at":"20');
  const ledger = await openIn(t, folder);
  assert.equal(readFileSync(path, 'utf8'), whole);
  ledger.append(appended({ call: 2 }));
  assert.deepEqual(
    (await linesOf(ledger)).map(({ seq }) => seq),
    [1, 2, 3, 4],
  );
});

test('a file that is no ledger is refused, not added to', async (t) => {
  const folder = newFolder(t);
  appendFileSync(join(folder, LEDGER_FILE), 'hello\n');
  await assert.rejects(openLedger(folder), /not a line of the emulator's ledger: hello/);
  assert.equal(readFileSync(join(folder, LEDGER_FILE), 'utf8'), 'hello\n');
});

test('cleared it is empty, and calls keep their numbers', async (t) => {
  const ledger = await openIn(t, newFolder(t));
  const call = ledger.nextCall();
  ledger.append(appended({ call }));
  ledger.correctToUnanswered(call);
  ledger.clear();
  assert.deepEqual(await linesOf(ledger), []);
  const next = ledger.nextCall();
  assert.equal(next, call + 1);
  ledger.append(appended({ call: next }));
  assert.deepEqual(
    (await linesOf(ledger)).map((line) => [line['seq'], line['answered']]),
    [
      [1, true],
      [2, true],
    ],
  );
});

test('lines that straddle the pieces of a long file come out whole, in order, once', async (t) => {
  const ledger = await openIn(t, newFolder(t));
  const activities = [{ text: 'ü'.repeat(700) }, { text: 'x'.repeat(300_000) }];
  for (let call = 1; call <= 500; call++) {
    ledger.append(appended({ call, activities, positions: call === 250 ? [1] : [0] }));
  }
  const lines = await linesOf(ledger);
  assert.deepEqual(
    lines.map(({ seq }) => seq),
    Array.from({ length: 500 }, (_, i) => i + 1),
  );
  assert.deepEqual([lines[0]?.['activity'], lines[249]?.['activity']], [activities[0], activities[1]]);
});

test('a call set holds what was added and nothing else', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(100_000)), fc.nat(100_000), (calls, other) => {
      const set = createCallSet();
      for (const call of calls) set.add(call);
      for (const call of calls) assert.ok(set.has(call));
      assert.equal(set.has(other), calls.includes(other));
    }),
  );
});
