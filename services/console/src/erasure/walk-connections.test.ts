import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ErasureResult, ErasureStep } from '@sluice/core';
import { emptyTally, type Tally, type WalkParts, walkConnections } from './walk-connections.ts';

const LEASE_MS = 30_000;
const SETTINGS = {
  deadLettersMax: 10,
  entriesMax: 20,
  unknownPolicy: 'retry',
  receiptTtlMs: 1,
  leaseMs: LEASE_MS,
} as const;

/** One step's answer: so many of the pending erased since the mark was set. */
const walked = (pending: number, parts: Partial<Extract<ErasureResult, { status: 'walked' }>> = {}): ErasureResult => ({
  status: 'walked',
  erased: { pending, dead: 0, parked: 0 },
  inFlight: 0,
  cursor: null,
  wakeAtMs: null,
  ...parts,
});

interface Walked {
  readonly tally: Tally;
  /** What was asked of the store and of the scheduler, in order. */
  readonly told: readonly string[];
  readonly waitedMs: number;
  readonly nothingIsLeft: boolean;
}

async function walk(
  answer: (step: ErasureStep, stop: () => void) => ErasureResult,
  ids: readonly string[] = ['hr'],
): Promise<Walked> {
  const told: string[] = [];
  const stop = new AbortController();
  let waitedMs = 0;
  const parts: WalkParts = {
    store: {
      connectionIds: async () => ids,
      erase: async (step) => {
        told.push(`${step.connectionId} ${step.cursor ?? 'begin'}`);
        assert.ok(told.length < 1000, 'a bound holds');
        return answer(step, () => stop.abort());
      },
      endErasure: async (connectionId) => void told.push(`end ${connectionId}`),
      closeGaps: async () => ({ status: 'closed' }),
    },
    scheduler: { wake: async (connectionId, atMs) => void told.push(`wake ${connectionId} ${atMs}`) },
    settingsOf: () => SETTINGS,
    wait: async (ms) => {
      waitedMs += ms;
    },
  };
  const tally = emptyTally();
  const nothingIsLeft = await walkConnections(parts, 'somebody', tally, stop.signal);
  return { tally, told, waitedMs, nothingIsLeft };
}

test('connection by connection to the end of each, and its worker is woken when a step says so', async () => {
  const { tally, told, nothingIsLeft } = await walk(
    ({ connectionId, cursor }) => {
      if (connectionId === 'b') return walked(1);
      return cursor === null ? walked(2, { cursor: 'c1', wakeAtMs: 77 }) : walked(5);
    },
    ['b', 'a'],
  );
  assert.equal(nothingIsLeft, true);
  assert.deepEqual(told, ['a begin', 'wake a 77', 'a c1', 'end a', 'b begin', 'end b']);
  assert.deepEqual(tally, {
    connections: 2,
    connectionsDone: 2,
    erased: { pending: 6, dead: 0, parked: 0 },
    inFlight: 0,
  });
});

test('with entries in calls the first walk goes to its end all the same, and others follow until the calls have ended', async () => {
  let looks = 0;
  const { tally, told } = await walk(({ cursor }) => {
    if (cursor === null) looks += 1;
    const inFlight = looks < 3 && cursor === null ? 1 : 0;
    return walked(4, { inFlight, cursor: cursor === null ? 'c1' : null });
  });
  assert.deepEqual(told, ['hr begin', 'hr c1', 'hr begin', 'hr begin', 'hr c1', 'end hr']);
  assert.deepEqual([tally.inFlight, tally.erased.pending], [0, 4]);
});

test('a call that does not end is waited for as long as two leases last, and counted for each connection', async () => {
  const { tally, told, waitedMs, nothingIsLeft } = await walk(() => walked(0, { inFlight: 2 }), ['a', 'b']);
  assert.equal(nothingIsLeft, false);
  assert.deepEqual([tally.inFlight, tally.connectionsDone], [4, 2]);
  assert.equal(waitedMs, 2 * 2 * LEASE_MS);
  assert.deepEqual(told.slice(-1), ['end b']);
});

test('a mark that was gone is set anew: the walk begins again, and what was erased before stays counted', async () => {
  const answers = [
    walked(5, { cursor: 'c1', inFlight: 1 }),
    { status: 'lapsed' } as const,
    walked(2, { cursor: 'c2' }),
    walked(3),
  ];
  const { tally, told } = await walk(() => answers.shift()!);
  assert.deepEqual(told, ['hr begin', 'hr c1', 'hr begin', 'hr c2', 'end hr']);
  assert.deepEqual([tally.erased.pending, tally.inFlight], [8, 0]);
});

test('others who are erased are waited for, a Redis that is away too, and neither for ever', async () => {
  let asked = 0;
  const once = await walk(() => (++asked === 1 ? { status: 'busy' } : walked(1)));
  assert.equal(once.tally.erased.pending, 1);
  await assert.rejects(
    walk(() => ({ status: 'busy' })),
    /too many performers/,
  );
  let tries = 0;
  await assert.rejects(
    walk(() => {
      tries += 1;
      throw new Error('away');
    }),
    /away/,
  );
  assert.equal(tries, 60);
});

test('told to stop it ends after its step, and says of no connection that it was done', async () => {
  const { tally, told, nothingIsLeft } = await walk(
    (_step, stop) => {
      stop();
      return walked(1, { cursor: 'c1' });
    },
    ['a', 'b'],
  );
  assert.equal(nothingIsLeft, false);
  assert.deepEqual(told, ['a begin', 'end a']);
  assert.deepEqual([tally.connections, tally.connectionsDone, tally.erased.pending], [2, 0, 1]);
});
