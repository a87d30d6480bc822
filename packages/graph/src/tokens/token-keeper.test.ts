import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type HeldToken, keepToken, type NoToken } from './token-keeper.ts';
import { type AcquiredToken, TokenError } from './token-source.ts';

interface Asked {
  readonly claims: string | null;
  give(token?: Partial<AcquiredToken>): Promise<void>;
  fail(error?: unknown): Promise<void>;
}

/** A keeper whose clock and identity provider the test moves. */
function setUp({ chance = 0 } = {}) {
  const asked: Asked[] = [];
  let nowMs = 0;
  const keeper = keepToken({
    clock: () => nowMs,
    chance: () => chance,
    source: {
      acquire: ({ claims }) => {
        const { promise, resolve, reject } = Promise.withResolvers<AcquiredToken>();
        const value = `t${asked.length + 1}`;
        const settled = async () => {
          await promise.catch(() => undefined);
          // The keeper goes on in the turn after.
          await new Promise(setImmediate);
        };
        asked.push({
          claims,
          give: (token) => {
            resolve({ value, lifetimeMs: 3_600_000, refreshInMs: null, ...token });
            return settled();
          },
          fail: (error = new TokenError('token', 'away')) => {
            reject(error);
            return settled();
          },
        });
        return promise;
      },
      close: async () => undefined,
    },
  });
  return {
    keeper,
    asked,
    at: (ms: number) => {
      nowMs = ms;
    },
    /** What current() answers, which must not be a promise. */
    now: () => {
      const answer = keeper.current();
      assert.ok(!(answer instanceof Promise), 'current() should have answered at once');
      return nameOf(answer);
    },
  };
}

function nameOf(answer: HeldToken | NoToken | null): string {
  if (answer === null) return 'null';
  return answer.kind === 'token' ? answer.bearer.slice('Bearer '.length) : answer.code;
}

async function holding(parts?: Partial<AcquiredToken>, options?: { chance?: number }) {
  const set = setUp(options);
  const first = set.keeper.current();
  await set.asked[0]!.give(parts);
  const held = await first;
  assert.ok(held.kind === 'token');
  return { ...set, held };
}

test('any number of callers who find no token make one request', async () => {
  const { keeper, asked } = setUp();
  const waiting = Array.from({ length: 50 }, () => keeper.current());
  assert.equal(asked.length, 1);
  await asked[0]!.give();
  assert.deepEqual(new Set((await Promise.all(waiting)).map(nameOf)), new Set(['t1']));
  assert.equal(asked.length, 1);
});

test('a held token is answered at once, and a new one is fetched beside it after three quarters of its life', async () => {
  const { asked, at, now } = await holding();
  at(2_699_999);
  assert.deepEqual([now(), asked.length], ['t1', 1]);
  at(2_700_000);
  assert.deepEqual([now(), now(), asked.length], ['t1', 't1', 2]);
  await asked[1]!.give();
  assert.equal(now(), 't2');
});

test('the provider says when to refresh, and chance makes it earlier by at most a tenth of the life', async () => {
  for (const [chance, refreshAtMs] of [
    [0, 1_000_000],
    [0.5, 820_000],
  ] as const) {
    const { asked, at, now } = await holding({ refreshInMs: 1_000_000 }, { chance });
    at(refreshAtMs - 1);
    now();
    assert.equal(asked.length, 1);
    at(refreshAtMs);
    now();
    assert.equal(asked.length, 2);
  }
});

test('a valid token is not withheld while the provider is away, until just before it expires', async () => {
  const { keeper, asked, at, now } = await holding();
  let tries = 1;
  for (let ms = 2_700_000; ms < 3_540_000; ms += 60_000) {
    at(ms);
    assert.equal(now(), 't1');
    assert.equal(asked.length, ++tries);
    await asked[tries - 1]!.fail();
  }
  at(3_540_000);
  const last = keeper.current();
  await asked[tries]!.fail();
  assert.equal(nameOf(await last), 'token');
});

test('a provider that fails is left alone for a while, and its Retry-After is a floor', async () => {
  const { keeper, asked, at, now } = setUp();
  void keeper.current();
  await asked[0]!.fail();
  at(999);
  assert.deepEqual([now(), asked.length], ['token', 1]);
  at(1000);
  void keeper.current();
  assert.equal(asked.length, 2);
  await asked[1]!.fail(new TokenError('token', 'busy', { retryAfterMs: 90_000 }));
  at(90_999);
  assert.deepEqual([now(), asked.length], ['token', 2]);
  at(91_000);
  void keeper.current();
  await asked[2]!.fail(new TokenError('credential', 'expired'));
  at(93_999);
  assert.deepEqual([now(), asked.length], ['credential', 3]);
  at(94_000);
  void keeper.current();
  await asked[3]!.give();
  assert.equal(now(), 't4');
});

test('while a refresh fails, a held token is served without asking again at each call', async () => {
  const { asked, at, now } = await holding();
  at(2_800_000);
  now();
  await asked[1]!.fail(new TokenError('token', 'busy', { retryAfterMs: 60_000 }));
  at(2_859_999);
  assert.deepEqual([now(), asked.length], ['t1', 2]);
  at(2_860_000);
  assert.deepEqual([now(), asked.length], ['t1', 3]);
});

test('a short-lived token is used for nine tenths of its life', async () => {
  const { keeper, asked, at, now } = await holding({ lifetimeMs: 10_000 });
  at(8_999);
  assert.equal(now(), 't1');
  await asked[1]!.fail();
  at(9_000);
  assert.equal(nameOf(await keeper.current()), 'token');
});

test('a token that Graph refused is replaced once for all who were refused', async () => {
  const { keeper, asked, held } = await holding();
  const renewals = Array.from({ length: 20 }, () => keeper.renew(held, null));
  assert.equal(asked.length, 2);
  await asked[1]!.give();
  assert.deepEqual(new Set((await Promise.all(renewals)).map(nameOf)), new Set(['t2']));
  assert.equal(nameOf(await keeper.renew(held, null)), 't2', 'who comes late has no need to ask');
  assert.equal(asked.length, 2);
});

test('a fresh token that is refused as well is not replaced again for ten seconds', async () => {
  const { keeper, asked, held, at } = await holding();
  const renewal = keeper.renew(held, null);
  await asked[1]!.give();
  const second = await renewal;
  assert.ok(second?.kind === 'token');
  at(9_999);
  assert.deepEqual([nameOf(await keeper.renew(second, null)), asked.length], ['null', 2]);
  at(10_000);
  void keeper.renew(second, null);
  assert.equal(asked.length, 3);
});

test('a challenge is answered with its claims, once, also right after a plain renewal', async () => {
  const { keeper, asked, held } = await holding();
  const plain = keeper.renew(held, null);
  await asked[1]!.give();
  const second = await plain;
  assert.ok(second?.kind === 'token');
  const challenged = [keeper.renew(second, '{"a":1}'), keeper.renew(second, '{"a":2}')];
  assert.deepEqual(
    asked.map(({ claims }) => claims),
    [null, null, '{"a":1}'],
  );
  await asked[2]!.give();
  const [third, fourth] = await Promise.all(challenged);
  assert.deepEqual([nameOf(third!), nameOf(fourth!)], ['t3', 't3']);
  assert.ok(third?.kind === 'token');
  assert.deepEqual([nameOf(await keeper.renew(third, '{"a":3}')), asked.length], ['null', 3], 'no loop');
});

test('a refresh without claims that is under way does not pass for the answer to a challenge', async () => {
  const { keeper, asked, held, at, now } = await holding();
  at(2_700_000);
  now();
  const challenged = [keeper.renew(held, '{"a":1}'), keeper.renew(held, '{"a":1}')];
  assert.equal(asked.length, 2, 'one at a time');
  await asked[1]!.give();
  assert.deepEqual([asked.length, asked[2]!.claims], [3, '{"a":1}']);
  await asked[2]!.give();
  assert.deepEqual(
    (await Promise.all(challenged)).map((one) => nameOf(one)),
    ['t3', 't3'],
  );
});

test('a renewal that fails says why, and is not tried again at once', async () => {
  const { keeper, asked, held, now } = await holding();
  const renewal = keeper.renew(held, null);
  await asked[1]!.fail();
  assert.equal(nameOf(await renewal), 'token');
  assert.deepEqual([nameOf(await keeper.renew(held, null)), asked.length], ['token', 2]);
  assert.equal(now(), 't1');
});

test('a source that throws something else is a passing failure that tells nothing', async () => {
  const { keeper, asked } = setUp();
  const waiting = keeper.current();
  await asked[0]!.fail(new Error('secret in here'));
  assert.deepEqual(await waiting, { kind: 'none', code: 'token', message: 'the token source failed' });
});
