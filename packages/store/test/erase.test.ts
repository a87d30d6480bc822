/* Erasure on Redis while everything moves: between any two steps calls are made, settled, lost and replayed. */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { decodeEntry, type EntrySettlement, type Lease } from '@sluice/core';
import {
  ACK,
  CONNECTION,
  type ContractStore,
  makeDeadLetter,
  makeEntry,
  makePark,
  makePiece,
  makeRequeue,
  makeSettle,
  makeSettlement,
  makeTake,
  PERFORMER_ID,
  type RedisServer,
  randomFrom,
  startRedis,
} from '@sluice/testing';
import { openAdmin } from './support/open-admin.ts';
import { makeRedisContractStore } from './support/redis-contract-store.ts';

let redis: RedisServer;
let look: ReturnType<typeof openAdmin>;
before(async () => {
  redis = await startRedis();
  look = openAdmin(redis);
});
after(async () => {
  look.disconnect();
  await redis.stop();
});

const STEP = {
  connectionId: CONNECTION,
  performerId: PERFORMER_ID,
  deadLettersMax: 1_000_000,
  entriesMax: 20,
  unknownPolicy: 'retry',
  receiptTtlMs: 86_400_000,
} as const;
const REF = 'receipt-0001';
/** More than Redis packs into one piece, so that a scan really goes on. */
const ITEMS = 400;

/** Whatever lies in Redis, as text. */
async function everything(): Promise<string> {
  const texts: string[] = [];
  for (const key of await look.keys('*')) {
    const type = await look.type(key);
    if (type === 'string') texts.push((await look.get(key))!);
    else if (type === 'list') texts.push(...(await look.lrange(key, 0, -1)));
    else if (type === 'hash') texts.push(...Object.entries(await look.hgetall(key)).flat());
    else if (type === 'set') texts.push(...(await look.smembers(key)));
    else if (type === 'zset') texts.push(...(await look.zrange(key, '0', '-1')));
    else texts.push(...(await look.xrange(key, '-', '+')).flat(2));
  }
  return texts.join('\n');
}

function drawTraffic({ store, advance }: ContractStore, seed: number) {
  const random = randomFrom(seed);
  const open: Lease[] = [];
  let [sequence, index, leases] = [0, 0, 0];
  const entries = (count: number, share: number) =>
    Array.from({ length: count }, () => {
      index += 1;
      const other = { type: 'user', id: `other-${random.below(50)}` } as const;
      return makeEntry({ index, receiptRef: REF, ...(random.chance(1 - share) && { performedBy: other }) });
    });
  async function append(itemId: string, count: number, share: number): Promise<void> {
    const groups = [{ itemId, entries: entries(count, share) }];
    await store.append(makePiece({ sequence: ++sequence, receiptId: `s0${REF}`, groups, lingerMs: 0 }));
  }
  const verdict = (): EntrySettlement => {
    const delayMs = random.oneOf([0, 1, 300]);
    return random.oneOf([ACK, makeRequeue({ delayMs, group: random.below(3) }), makeDeadLetter(), makePark()]);
  };
  async function take(): Promise<void> {
    const leaseId = `lease-${++leases}`;
    const rules = { lingerMs: 0, leaseMs: 2000, callTimeoutMs: 1000, intervalInitialUs: 1, inFlightMax: 100 };
    const lease = await store.take(makeTake({ leaseId, ...rules }));
    if (lease.status === 'leased') open.push(lease);
  }
  async function settle(): Promise<void> {
    const [lease] = open.splice(random.below(open.length), 1);
    if (lease === undefined) return;
    const { leaseId, epoch, tenantEpoch } = lease;
    const whole = random.chance(0.2);
    const settlement = makeSettlement(
      lease.entries.map((_, n) => (whole ? makeRequeue({ group: n % 2, delayMs: 1 }) : verdict())),
      { groupsWhole: whole },
    );
    await store.settle(makeSettle({ leaseId, epoch, tenantEpoch, settlement }));
  }
  async function replay(): Promise<void> {
    const choice = { filter: {}, cursor: null };
    const bounds = { lookedAtMax: 50, chosenMax: 3, deadLettersMax: 1_000_000, pendingMax: 1_000_000, entriesMax: 20 };
    await store.replay({ connectionId: CONNECTION, choice, ...bounds });
  }
  return {
    append,
    /** Something of everything, of others than the performer. */
    move: async () => {
      for (let n = 0; n < 6; n++) {
        const roll = random.below(10);
        if (roll < 4) await take();
        else if (roll < 7) await settle();
        else if (roll === 7) await replay();
        else if (roll === 8) await append(`item-${random.below(ITEMS)}`, 3, 0);
        else await advance(random.oneOf([1, 50, 700]));
      }
    },
    settleAll: async () => {
      while (open.length > 0) await settle();
      await advance(2001);
    },
  };
}

for (const seed of [1, 2, 3, 4]) {
  test(`whatever moves meanwhile, a walk that saw none in a call leaves nothing of the performer (seed ${seed})`, async () => {
    const made = await makeRedisContractStore(redis);
    const { store } = made;
    try {
      const traffic = drawTraffic(made, seed);
      for (let n = 0; n < ITEMS; n++) await traffic.append(`item-${n}`, 3, 0.5);
      for (let n = 0; n < 6; n++) await traffic.append('item-0', 450, 0.3);
      for (let n = 0; n < 60; n++) await traffic.move();
      assert.ok((await everything()).includes(PERFORMER_ID));
      let [walks, inFlight, sawFlight] = [0, 1, 0];
      while (inFlight > 0) {
        walks += 1;
        assert.ok(walks < 50, 'the walks come to an end');
        let cursor: string | null = null;
        inFlight = 0;
        do {
          const result = await store.erase({ ...STEP, cursor });
          assert.ok(result.status === 'walked');
          inFlight += result.inFlight;
          cursor = result.cursor;
          await traffic.move();
        } while (cursor !== null);
        sawFlight += inFlight;
        if (walks > 3) await traffic.settleAll();
      }
      assert.ok(sawFlight > 0 && walks > 1, 'some were in calls');
      assert.ok(!(await everything()).includes(PERFORMER_ID), 'nothing of the performer is left');
      const view = (await store.connection(CONNECTION))!;
      const { erasedPending, erasedDead, erasedParked, appended, replayed, delivered, dead, parked, pending } = view;
      assert.ok(erasedPending > 0 && erasedDead > 0 && erasedParked > 0);
      assert.equal(appended + replayed, delivered + dead + parked + erasedPending + pending);
      const kept = dead + parked - replayed - erasedDead - erasedParked;
      assert.equal(view.deadLetters + view.parkedEntries, kept);
      const counts = (await store.receipt(`s0${REF}`))!.counts;
      assert.equal(counts.erased, erasedPending + erasedDead + erasedParked);
      await store.endErasure(CONNECTION, PERFORMER_ID);
      assert.equal(await look.exists('{s0}:c:hr:erasing'), 0, 'no mark is left');
    } finally {
      await made.dispose();
    }
  });
}

test('in the middle of a very long item nothing is lost, doubled or left', async () => {
  const COUNT = 45_000;
  const { store, dispose } = await makeRedisContractStore(redis);
  try {
    const other = { type: 'user', id: 'other' } as const;
    const isTheirs = (index: number) => index % 3 === 0;
    for (let from = 0; from < COUNT; from += 500) {
      const entries = Array.from({ length: 500 }, (_, n) =>
        makeEntry({ index: from + n, ...(!isTheirs(from + n) && { performedBy: other }) }),
      );
      await store.append(makePiece({ sequence: 1 + from / 500, groups: [{ itemId: 'a', entries }] }));
    }
    await walkAll(store);
    const left = (await look.lrange('{s0}:c:hr:i:a', 0, -1)).map((entry) => decodeEntry(entry)!.index);
    const wanted = Array.from({ length: COUNT }, (_, n) => n).filter((n) => !isTheirs(n));
    assert.deepEqual(
      left.toSorted((a, b) => a - b),
      wanted,
    );
    assert.deepEqual(left.slice(0, 100), wanted.slice(0, 100), 'those that go next keep their order');
    const { pending, erasedPending } = (await store.connection(CONNECTION))!;
    assert.deepEqual([pending, erasedPending], [wanted.length, COUNT - wanted.length]);
  } finally {
    await dispose();
  }
});

test('a Redis that is full takes nothing more, but a performer is erased on it', async () => {
  const { store, dispose } = await makeRedisContractStore(redis);
  const append = (sequence: number) =>
    store.append(makePiece({ sequence, groups: [{ itemId: `item-${sequence}`, entries: [makeEntry()] }] }));
  try {
    for (let sequence = 1; sequence <= 20; sequence++) await append(sequence);
    await look.config('SET', 'maxmemory', '1');
    await assert.rejects(append(21), /OOM/);
    const result = await store.erase({ ...STEP, cursor: null });
    assert.ok(result.status === 'walked' && result.cursor === null);
    assert.equal(result.erased.pending, 20);
  } finally {
    await look.config('SET', 'maxmemory', '0');
    await dispose();
  }
});

async function walkAll(store: ContractStore['store']): Promise<void> {
  let cursor: string | null = null;
  do {
    const result = await store.erase({ ...STEP, cursor });
    assert.ok(result.status === 'walked');
    cursor = result.cursor;
  } while (cursor !== null);
}

const RAW_KEYS = { dead: '{s0}:c:hr:dead', parked: '{s0}:c:hr:parked' } as const;
type Ended = keyof typeof RAW_KEYS;

/** As a copy of Redis has it, with what lies in its pieces unseen. */
async function dumped(key: string): Promise<string> {
  const bytes = await look.callBuffer('DUMP', key);
  return bytes === null ? '' : (bytes as Buffer).toString('latin1');
}

let ended = 0;
/** One in ten is the performer's. */
async function endMany({ store }: ContractStore, state: Ended, count: number): Promise<void> {
  for (let from = 0; from < count; from += 20) {
    const entries = Array.from({ length: 20 }, (_, n) =>
      makeEntry({ index: from + n, ...(n % 10 > 0 && { performedBy: { type: 'user', id: `other-${n}` } as const }) }),
    );
    const leaseId = `ended-${++ended}`;
    await store.append(makePiece({ lane: leaseId, groups: [{ itemId: leaseId, entries }] }));
    const rules = { lingerMs: 0, intervalInitialUs: 1, inFlightMax: 100 };
    const lease = await store.take(makeTake({ leaseId, ...rules }));
    assert.ok(lease.status === 'leased');
    const end = state === 'dead' ? makeDeadLetter() : makePark();
    const { epoch, tenantEpoch } = lease;
    await store.settle(makeSettle({ leaseId, epoch, tenantEpoch, settlement: makeSettlement(entries.map(() => end)) }));
  }
}

async function eraseAll({ store }: ContractStore): Promise<void> {
  await walkAll(store);
  await store.endErasure(CONNECTION, PERFORMER_ID);
}

test('what was erased of dead letters and parked entries is in no copy of Redis, and the others are as they were', async () => {
  const made = await makeRedisContractStore(redis);
  await look.config('SET', 'rdbcompression', 'no');
  try {
    for (const state of ['dead', 'parked'] as const) {
      await endMany(made, state, 1200);
      const key = RAW_KEYS[state];
      await eraseAll(made);
      const left = await look.xrange(key, '-', '+');
      assert.equal(left.length, 1080);
      assert.ok((await dumped(key)).includes(PERFORMER_ID), 'Redis keeps what is taken out of the middle');
      let steps = 0;
      for (let cursor: string | null = null; ; steps++) {
        const result = await made.store.closeGaps({ connectionId: CONNECTION, state, cursor });
        if (result.status === 'closed') break;
        assert.ok(result.status === 'copied');
        assert.ok((await look.pttl(`${key}Anew`)) > 0, 'what a stopped console leaves goes by itself');
        cursor = result.cursor;
      }
      assert.equal(steps, 2);
      assert.ok(!(await dumped(key)).includes(PERFORMER_ID));
      assert.deepEqual(await look.xrange(key, '-', '+'), left);
      assert.deepEqual([await look.pttl(key), await look.exists(`${key}Anew`)], [-1, 0]);
      assert.deepEqual(await made.store.closeGaps({ connectionId: CONNECTION, state, cursor: null }), {
        status: 'closed',
      });
    }
  } finally {
    await look.config('SET', 'rdbcompression', 'yes');
    await made.dispose();
  }
});

test('a list that changes while it is written anew loses nothing and brings nothing back', async () => {
  const made = await makeRedisContractStore(redis);
  const { store } = made;
  const close = (cursor: string | null) => store.closeGaps({ connectionId: CONNECTION, state: 'dead', cursor });
  const rules = { connectionId: CONNECTION, deadLettersMax: 1_000_000, pendingMax: 1_000_000, entriesMax: 20 };
  const oldest = { ...rules, lookedAtMax: 1, chosenMax: 1, choice: { filter: {}, cursor: null } } as const;
  try {
    await endMany(made, 'dead', 1200);
    await eraseAll(made);
    const first = await close(null);
    assert.ok(first.status === 'copied');
    await store.discard(oldest);
    const second = await close(first.cursor);
    assert.ok(second.status === 'copied');
    assert.deepEqual(await close(second.cursor), { status: 'changed' });
    const again = await close(null);
    assert.ok(again.status === 'copied');
    await close(null);
    const other = await close(again.cursor);
    assert.ok(other.status === 'copied', 'who began anew came as far');
    await endMany(made, 'dead', 20);
    assert.deepEqual(await close(other.cursor), { status: 'closed' });
    assert.equal(await look.xlen(RAW_KEYS.dead), 1080 - 1 + 20);
    await store.discard(oldest);
    const stale = await close(null);
    assert.ok(stale.status === 'copied');
    await look.del(`${RAW_KEYS.dead}Anew`);
    assert.deepEqual(await close(stale.cursor), { status: 'changed' });
  } finally {
    await made.dispose();
  }
});
