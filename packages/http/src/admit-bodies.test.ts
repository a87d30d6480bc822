import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manualClock } from '@sluice/testing';
import { type Admission, admitBodies, TICK_MS, type Turn } from './admit-bodies.ts';

const KIB = 1024;
const LIMITS = { workBytesMin: 20 * KIB, workBytesMax: 80 * KIB, turnWaitMsMax: 500 };
/** With what a request costs beside it, 9 KiB. */
const BODY = KIB;

function open() {
  const clock = manualClock();
  const admission = admitBodies(LIMITS, clock.nowMs);
  const tick = async (busy = 1) => {
    await clock.advance(TICK_MS);
    admission.tick(busy);
  };
  return { clock, admission, tick };
}

function begun(admission: Admission, bytes = BODY): Turn {
  const turn = admission.enter(bytes);
  assert.ok(turn !== null && !(turn instanceof Promise), 'its turn is at once');
  return turn;
}

test('as much as may be in work is begun at once; what comes then waits, and begins in its order', async () => {
  const { admission } = open();
  const turns = [begun(admission), begun(admission)];
  const order: number[] = [];
  const waiting = [1, 2, 3].map(async (n) => {
    const turn = await admission.enter(BODY);
    order.push(n);
    turn?.end();
  });
  turns[0]!.end();
  turns[0]!.end();
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2, 3]);
  begun(admission);
  assert.ok(admission.enter(BODY) instanceof Promise, 'a turn that was ended twice has made room once');
});

test('a body larger than all that may be in work is begun when it is alone', async () => {
  const { admission } = open();
  const small = begun(admission);
  const large = admission.enter(500 * KIB);
  const behind = admission.enter(BODY);
  small.end();
  const turn = await large;
  assert.ok(turn !== null);
  turn.end();
  assert.ok((await behind) !== null);
});

test('nobody waits longer than turnWaitMsMax, also when nothing is ended any more', async () => {
  const { admission, tick } = open();
  begun(admission);
  begun(admission);
  const late = admission.enter(BODY);
  for (let n = 0; n < 10; n++) await tick();
  assert.equal(await late, null);
  const later = admission.enter(BODY);
  await tick();
  assert.ok(later instanceof Promise, 'and it has not been decided what comes next');
});

test('a turn tells how long it was waited for', async () => {
  const { admission, clock } = open();
  const first = begun(admission, 100 * KIB);
  assert.equal(first.waitedMs, 0);
  const second = admission.enter(BODY);
  await clock.advance(120);
  first.end();
  assert.equal((await second)?.waitedMs, 120);
});

test('whose turn would come too late is refused at once, by how fast turns have ended; and taken again when the line is short', async () => {
  const { admission, tick } = open();
  assert.equal(admission.isFull(), false);
  let turn = begun(admission, 12 * KIB);
  const line: Promise<Turn | null>[] = [];
  const endOne = async () => {
    turn.end();
    let next: Turn | null = null;
    while (next === null) next = await line.shift()!;
    turn = next;
  };
  // 20 KiB a tick are ended, so what is foreseen to wait for 250 ms are 5 of these.
  for (let ticks = 0; ticks < 40; ticks++) {
    while (!admission.isFull() && line.length < 100) line.push(admission.enter(12 * KIB) as Promise<Turn | null>);
    if (ticks > 20) assert.ok(line.length >= 5 && line.length <= 6, `${line.length} wait`);
    await tick();
    await endOne();
  }
  while (!admission.isFull()) line.push(admission.enter(12 * KIB) as Promise<Turn | null>);
  assert.equal(admission.enter(12 * KIB), null);
  while (line.length > 2) await endOne();
  assert.equal(admission.isFull(), false);
});

test('while bodies wait and the process has time to spare, more are begun at once; that ends when it is busy', async () => {
  const { admission, tick } = open();
  const line = Array.from({ length: 30 }, () => admission.enter(BODY));
  const count = async () => {
    let turns = 0;
    for (const one of line) if (!(one instanceof Promise) || (await Promise.race([one, null])) !== null) turns++;
    return turns;
  };
  assert.equal(await count(), 2);
  await tick(0.9);
  assert.equal(await count(), 2);
  for (let n = 0; n < 8; n++) await tick(0.2);
  assert.equal(await count(), 8, '80 KiB and not more');
  for (let n = 0; n < 8; n++) await tick(1);
  const ends = await Promise.all(line);
  for (const turn of ends.slice(0, 8)) turn!.end();
  assert.equal(ends.filter((turn) => turn === null).length, 22, 'the others have waited too long by now');
  begun(admission);
  begun(admission);
  assert.ok(admission.enter(BODY) instanceof Promise);
});

test('where turns take long because the store has enough to do, no more are begun at once', async () => {
  const { admission, tick, clock } = open();
  for (let n = 0; n < 40; n++) {
    const turn = begun(admission);
    await clock.advance(300);
    turn.end();
  }
  const turns = [begun(admission), begun(admission)];
  const third = admission.enter(BODY);
  for (let n = 0; n < 5; n++) await tick(0.2);
  assert.equal(await Promise.race([third, 'waits']), 'waits');
  for (const turn of turns) turn.end();
  assert.ok((await third) !== null);
});

test('however much room is made at once, no more than 64 KiB are begun before the event loop has come round', async () => {
  const limits = { ...LIMITS, workBytesMin: 1024 * KIB, workBytesMax: 1024 * KIB };
  const rounds: (() => void)[] = [];
  const admission = admitBodies(
    limits,
    () => 0,
    (begin) => void rounds.push(begin),
  );
  const inWork = Array.from({ length: 113 }, () => begun(admission));
  let waitingBegun = 0;
  for (let n = 0; n < 40; n++) {
    const turn = admission.enter(BODY);
    assert.ok(turn instanceof Promise);
    void turn.then(() => waitingBegun++);
  }
  for (const turn of inWork) turn.end();
  const seen: number[] = [];
  while (rounds.length > 0) {
    assert.equal(rounds.length, 1, 'one look at the line is enough');
    rounds.shift()!();
    await Promise.resolve();
    seen.push(waitingBegun);
  }
  // Each is 9 KiB with what a request costs: the eighth goes beyond.
  assert.deepEqual(seen, [8, 16, 24, 32, 40]);
});
