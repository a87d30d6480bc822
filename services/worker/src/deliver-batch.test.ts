import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ActivityStore, AnsweredReply, Lease, SettleRequest } from '@sluice/core';
import { makeEntries } from '@sluice/testing';
import { type DeliverParts, deliverBatch } from './deliver-batch.ts';

const entries = makeEntries(2);
const lease = {
  status: 'leased',
  leaseId: 'l1',
  itemId: 'a',
  entries,
  epoch: 3,
  nowMs: 0,
  awakeMs: 0,
} as unknown as Lease;

const taken: AnsweredReply = {
  kind: 'answered',
  status: 200,
  headers: { retryAfter: null, date: null, requestId: 'r', wwwAuthenticate: null },
  body: {
    value: entries.map((_, n) => ({
      type: 'viewed',
      startDateTime: new Date(1_767_225_600_000 + n).toISOString(),
      error: null,
    })),
  },
  bodyProblem: null,
  bodyExcerpt: '',
  durationMs: 1,
};

function scene(failures: readonly string[]) {
  const left = [...failures];
  const settled: SettleRequest[] = [];
  const log: string[] = [];
  let sent = 0;
  const settle = async (request: SettleRequest) => {
    const failure = left.shift();
    if (failure !== undefined) throw new Error(failure);
    settled.push(request);
    return { status: 'settled' as const, wakeAtMs: 5, nowMs: 4, learn: null };
  };
  const parts = {
    store: { settle } as unknown as ActivityStore,
    send: async () => {
      sent += 1;
      return taken;
    },
    learn: async () => {},
    wake: async (_connection: string, atMs: number) => void log.push(`wake ${atMs}`),
    settings: {
      retryAttemptsMax: 3,
      retryAgeMaxMs: 1000,
      retryBaseMs: 1,
      retryCapMs: 1,
      unknownPolicy: 'retry',
      deadLettersMax: 10,
      receiptTtlMs: 1,
      batchEntriesMax: 20,
    },
    outcomes: [],
    chance: () => 0,
    pause: async (ms: number) => void log.push(`pause ${ms}`),
    onError: () => {},
    observe: () => {},
  } as unknown as DeliverParts;
  return { parts, settled, log, sent: () => sent };
}

test('a call that was answered is settled until Redis takes it, and never made again', async () => {
  const { parts, settled, log, sent } = scene(['OOM command not allowed', "READONLY You can't write", 'BUSY']);
  await deliverBatch('tickets', lease, parts);
  assert.equal(sent(), 1);
  assert.equal(settled.length, 1);
  assert.deepEqual(settled[0]!.settlement.entries, [{ kind: 'ack' }, { kind: 'ack' }]);
  assert.deepEqual(log, ['pause 50', 'pause 100', 'pause 200', 'wake 5']);
});

test('a settlement that does not fit its lease is told at once', async () => {
  const { parts } = scene(['SETTLEMENT 1 verdicts for 2 entries']);
  await assert.rejects(deliverBatch('tickets', lease, parts), /SETTLEMENT/);
});
