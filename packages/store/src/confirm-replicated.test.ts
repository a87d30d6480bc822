/* What a replica is believed to have, decided on the numbers alone. Redis is played here; test/replicated.test.ts asks a real one. */
import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import { test } from 'node:test';
import type { Redis } from 'ioredis';
import { createConfirm } from './confirm-replicated.ts';

type Reply = unknown;

/** Answers each pipeline with what the test says, when it says so. */
function openPlayed({ vouched = false } = {}) {
  const asked: { readonly commands: readonly string[]; readonly answer: (replies: readonly Reply[]) => void }[] = [];
  const openPipeline = () => {
    const commands: string[] = [];
    const pipeline = {
      set: () => {
        commands.push('SET');
        return pipeline;
      },
      call: (name: string) => {
        commands.push(name);
        return pipeline;
      },
      exec: () =>
        new Promise((resolve) => {
          const answer = (replies: readonly Reply[]) =>
            resolve(
              [null, ...replies].map((reply) =>
                reply instanceof Error ? [reply, undefined] : [null, reply === null ? 'OK' : reply],
              ),
            );
          asked.push({ commands, answer });
        }),
    };
    return pipeline;
  };
  const play = () => Object.assign(new EventEmitter(), { pipeline: openPipeline }) as unknown as Redis & EventEmitter;
  const state = { writer: play() };
  const confirm = createConfirm({ writerOf: async () => state.writer, markKey: 'mark', vouched });
  const turn = () => new Promise((resolve) => setImmediate(resolve));
  return { confirm, asked, state, play, turn };
}

const UNKNOWN = new Error("ERR unknown command 'WAITAOF', with args beginning with: '1'");
const FORBIDDEN = new Error("NOPERM this user has no permissions to run the 'wait' command");

async function confirmed(replies: readonly Reply[], options = {}): Promise<boolean> {
  const { confirm, asked, turn } = openPlayed(options);
  const result = confirm.isReplicated(await confirm.begin());
  result.catch(() => {});
  await turn();
  asked[0]!.answer(replies);
  return result;
}

test('replicated is what a replica has, and what is on disk here where Redis can say so', async () => {
  assert.equal(await confirmed([[1, 0], 1]), true);
  assert.equal(await confirmed([[1, 1], 2]), true);
  assert.equal(await confirmed([[1, 0], 0]), false, 'no replica');
  assert.equal(await confirmed([[0, 0], 1]), false, 'not on disk');
  assert.equal(await confirmed([UNKNOWN, 1]), true, 'before 7.2 the settings say what is on disk');
  assert.equal(await confirmed([UNKNOWN, 0]), false);
  assert.equal(await confirmed([FORBIDDEN, 1]), true, 'nor to a user who may not ask');
  assert.equal(await confirmed([FORBIDDEN, 0]), false);
  assert.equal(await confirmed([new Error('ERR appendonly is disabled'), 1]), false, 'what it says beats its settings');
});

test('where Redis forbids to ask nothing is replicated, unless somebody vouches for it', async () => {
  await assert.rejects(confirmed([[1, 0], FORBIDDEN]), /NOPERM/);
  assert.equal(await confirmed([FORBIDDEN, FORBIDDEN], { vouched: true }), true);
  await assert.rejects(confirmed([UNKNOWN, new Error('LOADING')], { vouched: true }), /LOADING/);
  assert.equal(await confirmed([[1, 0], 0], { vouched: true }), false, 'what Redis says beats it');
});

test('an unknown WAITAOF is asked for once on each connection', async () => {
  const { confirm, asked, state, turn } = openPlayed();
  for (const replies of [[UNKNOWN, 1], [1], [[1, 0], 1]]) {
    if (asked.length === 2) state.writer.emit('close');
    const result = confirm.isReplicated(await confirm.begin());
    await turn();
    asked.at(-1)!.answer(replies);
    assert.equal(await result, true);
  }
  assert.deepEqual(
    asked.map(({ commands }) => commands),
    [
      ['SET', 'WAITAOF', 'WAIT'],
      ['SET', 'WAIT'],
      ['SET', 'WAITAOF', 'WAIT'],
    ],
  );
});

test('all who come while a question is under way share the next one, which is asked after they came', async () => {
  const { confirm, asked, turn } = openPlayed();
  const sent = await confirm.begin();
  const first = confirm.isReplicated(sent);
  await turn();
  const others = Array.from({ length: 50 }, () => confirm.isReplicated(sent));
  await turn();
  assert.equal(asked.length, 1);
  asked[0]!.answer([[1, 0], 0]);
  await turn();
  assert.equal(asked.length, 2);
  asked[1]!.answer([[1, 0], 1]);
  assert.equal(await first, false);
  assert.deepEqual(new Set(await Promise.all(others)), new Set([true]));
  assert.equal(asked.length, 2);
});

test('a connection that was replaced, before the question or during it, proves nothing', async () => {
  const { confirm, asked, state, play, turn } = openPlayed();
  const before = await confirm.begin();
  state.writer.emit('close');
  const late = confirm.isReplicated(before);
  late.catch(() => {});
  await turn();
  asked[0]!.answer([[1, 0], 1]);
  await assert.rejects(late, /replaced/);

  const during = confirm.isReplicated(await confirm.begin());
  during.catch(() => {});
  await turn();
  state.writer.emit('close');
  asked[1]!.answer([[1, 0], 1]);
  await assert.rejects(during, /replaced/);

  const elsewhere = await confirm.begin();
  state.writer = play();
  const moved = confirm.isReplicated(elsewhere);
  moved.catch(() => {});
  await turn();
  asked[2]!.answer([[1, 0], 1]);
  await assert.rejects(moved, /replaced/);
});

test('a question that fails does not keep the next one from being asked', async () => {
  const { confirm, asked, turn } = openPlayed();
  const sent = await confirm.begin();
  const failing = confirm.isReplicated(sent);
  failing.catch(() => {});
  await turn();
  const next = confirm.isReplicated(sent);
  asked[0]!.answer([[1, 0], new Error('READONLY')]);
  await assert.rejects(failing, /READONLY/);
  await turn();
  asked[1]!.answer([[1, 0], 1]);
  assert.equal(await next, true);
});
