import assert from 'node:assert/strict';
import { test } from 'node:test';
import { behaviorOf, DEFAULT_BEHAVIOR } from './behavior.ts';
import { checkBehavior } from './check-behavior.ts';

function accepted(value: unknown) {
  const verdict = checkBehavior(value);
  assert.ok('behavior' in verdict, JSON.stringify(verdict));
  return verdict.behavior;
}

function members(value: unknown): readonly string[] {
  const verdict = checkBehavior(value);
  assert.ok('problems' in verdict, 'it was accepted');
  for (const { rule } of verdict.problems) assert.match(rule, /must|is not known|is missing/);
  return verdict.problems.map(({ member }) => member);
}

test('an empty object is the default behaviour', () => {
  assert.deepEqual(accepted({}), DEFAULT_BEHAVIOR);
});

test('every member is taken as it was sent, and what is missing keeps its default, one level down too', () => {
  const sent = {
    seed: 9,
    rate: 5,
    window: 'sliding',
    burst: 7,
    concurrency: null,
    accrueThrottled: false,
    background: { rate: 2.5 },
    retryAfter: 'Tomorrow, perhaps',
    latencyMs: [0, 0],
    shares: { '500': 0.1, lost: 0.2 },
    entryError: { code: 'accessDenied' },
    resultOrder: 'shuffled',
    resultShape: 'short',
    unknownItems: ['a-1'],
    itemsAppearAfterMs: 100,
    script: [
      { status: 429, headers: { 'Retry-After': '3' }, body: { error: {} }, apply: [0, 2], delayMs: 5, times: 2 },
    ],
    token: { expiresIn: 5 },
    unknownConnections: ['gone1'],
    tenants: { contoso: { rate: 3, burst: 2 } },
    connections: { hr: { rate: 5 } },
  };
  assert.deepEqual(accepted(sent), {
    ...sent,
    shares: { ...DEFAULT_BEHAVIOR.shares, '500': 0.1, lost: 0.2 },
    entryError: { ...DEFAULT_BEHAVIOR.entryError, code: 'accessDenied' },
    token: { expiresIn: 5, fail: null, roles: ['ExternalItem.ReadWrite.OwnedBy'], claims: null },
  });
});

test('a connection overrides the common behaviour, member by member', () => {
  const behavior = accepted({
    rate: 50,
    shares: { lost: 0.1 },
    connections: { tickets: { rate: null, shares: { reset: 0.2 } } },
  });
  const own = behaviorOf('tickets', behavior);
  assert.equal(own.rate, null);
  assert.equal(own.burst, 25);
  assert.deepEqual(own.shares, { ...DEFAULT_BEHAVIOR.shares, reset: 0.2, lost: 0.1 });
  assert.equal(behaviorOf('other', behavior).rate, 50);
});

const REFUSED: readonly (readonly [string, unknown, string])[] = [
  ['a list', [], 'body'],
  ['null', null, 'body'],
  ['an unknown member', { rat: 5 }, 'rat'],
  ['an unknown share', { shares: { '404': 0.1 } }, 'shares.404'],
  ['a rate of nothing', { rate: 0 }, 'rate'],
  ['a rate in quotes', { rate: '5' }, 'rate'],
  ['a null that means nothing', { burst: null }, 'burst'],
  ['half a call in flight', { concurrency: 0.5 }, 'concurrency'],
  ['another window', { window: 'leaky' }, 'window'],
  ['shares above one', { shares: { '500': 0.6, lost: 0.6 } }, 'shares'],
  ['a share below zero', { shares: { lost: -0.1 } }, 'shares.lost'],
  ['latency backwards', { latencyMs: [20, 5] }, 'latencyMs'],
  ['one latency', { latencyMs: [20] }, 'latencyMs'],
  ['percentiles backwards', { latencyMs: { p50: 20, p99: 5 } }, 'latencyMs'],
  ['half a distribution', { latencyMs: { p50: 20 } }, 'latencyMs'],
  ['a distribution with more', { latencyMs: { p50: 1, p99: 2, max: 3 } }, 'latencyMs'],
  ['a shape that is none', { resultShape: 'odd' }, 'resultShape'],
  ['a role that is none', { token: { roles: ['a b'] } }, 'token.roles[0]'],
  ['claims that are text', { token: { claims: 'acrs' } }, 'token.claims'],
  ['a header that cannot be sent', { retryAfter: '1\r\nx: y' }, 'retryAfter'],
  [
    'a header name that cannot be sent',
    { script: [{ status: 200, headers: { 'a b': '1' } }] },
    'script[0].headers.a b',
  ],
  ['a scripted answer without status', { script: [{ apply: true }] }, 'script[0].status'],
  ['a status that is none', { script: [{ status: 100 }] }, 'script[0].status'],
  ['a position beyond a call', { script: [{ status: 200, apply: [20] }] }, 'script[0].apply'],
  ['an item id with a slash', { unknownItems: ['a/b'] }, 'unknownItems[0]'],
  ['a token that never lived', { token: { expiresIn: 0 } }, 'token.expiresIn'],
  ['a token failure that is a success', { token: { fail: 200 } }, 'token.fail'],
  ['a seed of a connection', { connections: { tickets: { seed: 2 } } }, 'connections.tickets.seed'],
  [
    'shares above one after the override',
    { shares: { lost: 0.6 }, connections: { tickets: { shares: { reset: 0.6 } } } },
    'connections.tickets.shares',
  ],
  ['a name that is no connection', { connections: { 'a/b': {} } }, 'connections.a/b'],
];
for (const [what, value, member] of REFUSED) {
  test(`${what} is refused, naming ${member}`, () => {
    assert.deepEqual(members(value), [member]);
  });
}

test('everything wrong is named at once, and what is there instead is shown', () => {
  const verdict = checkBehavior({ rate: -1, burst: 'x', nope: 1 });
  assert.ok('problems' in verdict);
  assert.deepEqual(
    verdict.problems.map(({ member }) => member),
    ['rate', 'burst', 'nope'],
  );
  assert.equal(verdict.problems[0]?.rule, 'must be a number above 0 to 100000, or null (no limit); it is -1');
});
