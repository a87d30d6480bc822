/*
  Decides whether a control body is a behaviour. Everything wrong is named at once, by member and rule, and then nothing of
  the body is applied: a misspelt fault that is silently ignored would make a test pass for the wrong reason.
*/
import { ITEM_ID } from '../graph/ids.ts';
import { isObject } from '../is-object.ts';
import {
  type Behavior,
  type BehaviorInput,
  behaviorOf,
  completeBehavior,
  RESULT_ORDERS,
  RESULT_SHAPES,
  WINDOW_SHAPES,
} from './behavior.ts';
import {
  type Check,
  check,
  eitherOf,
  isAnything,
  isBoolean,
  isOneOf,
  listOf,
  mapOf,
  numberIn,
  objectOf,
  type Problem,
  textMatching,
} from './checks.ts';

const RATE_MAX = 100_000;
const BACKGROUND_RATE_MAX = 10_000;
const DELAY_MS_MAX = 3_600_000;
const SCRIPT_MAX = 10_000;
const ITEMS_MAX = 100_000;
const CONNECTIONS_MAX = 10_000;
const PROBLEMS_MAX = 20;

// Visible characters of ISO 8859-1, spaces and tabs: what a header can carry (RFC 9110, 5.5).
const HEADER_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;
const headerText = textMatching(HEADER_TEXT, 'text that a header can carry');
const headers = mapOf(headerText, { name: /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/, words: 'a header name', max: 50 });
const anyText = check('must be text', (value) => typeof value === 'string');
const statusNumber = numberIn({ min: 200, max: 599, whole: true });
const position = numberIn({ min: 0, max: 19, whole: true });

const scripted = objectOf(
  {
    status: eitherOf('must be a status from 200 to 599, "reset" or "lost"', [statusNumber, isOneOf(['reset', 'lost'])]),
    headers,
    body: isAnything,
    apply: eitherOf('must be true, false or a list of positions from 0 to 19', [
      isBoolean,
      listOf(position, { max: 20, words: 'positions' }),
    ]),
    delayMs: numberIn({ max: DELAY_MS_MAX }),
    times: numberIn({ min: 1, max: 1_000_000_000, whole: true }),
  },
  ['status'],
);

function isLatency(value: unknown): boolean {
  const both = Array.isArray(value) ? value : isObject(value) ? [value['p50'], value['p99']] : [];
  const size = isObject(value) ? Object.keys(value).length : both.length;
  return (
    size === 2 && both.every((ms) => typeof ms === 'number' && ms >= 0 && ms <= DELAY_MS_MAX) && both[0] <= both[1]
  );
}

const share = numberIn({ max: 1 });
const CONNECTION_MEMBERS: Readonly<Record<string, Check>> = {
  rate: numberIn({ above: 0, max: RATE_MAX, orNull: 'no limit' }),
  window: isOneOf(WINDOW_SHAPES),
  burst: numberIn({ min: 1, max: RATE_MAX }),
  concurrency: numberIn({ min: 1, max: RATE_MAX, whole: true, orNull: 'no limit' }),
  accrueThrottled: isBoolean,
  background: objectOf({ rate: numberIn({ max: BACKGROUND_RATE_MAX }) }, ['rate']),
  retryAfter: headerText,
  latencyMs: check(
    `must be [min, max] or {p50, p99}, two numbers from 0 to ${DELAY_MS_MAX}, the first not above the second`,
    isLatency,
  ),
  shares: objectOf({
    '500': share,
    '502': share,
    '503': share,
    '504': share,
    '207': share,
    reset: share,
    lost: share,
    garbled: share,
  }),
  entryError: objectOf({ code: anyText, message: anyText }),
  resultOrder: isOneOf(RESULT_ORDERS),
  resultShape: isOneOf(RESULT_SHAPES),
  unknownItems: listOf(textMatching(ITEM_ID, 'an item id'), { max: ITEMS_MAX, words: 'item ids' }),
  itemsAppearAfterMs: numberIn({ max: DELAY_MS_MAX }),
  script: listOf(scripted, { max: SCRIPT_MAX, words: 'answers' }),
};

const tokenFailure = objectOf(
  { status: numberIn({ min: 400, max: 599, whole: true }), error: anyText, body: isAnything, headers },
  ['status'],
);
// Laxer than Graph's 3 to 32: an override that no call can meet does no harm.
const OVERRIDE_NAME = /^[A-Za-z0-9]{1,32}$/;
const NAME_WORDS = '1 to 32 letters and digits';
const connectionId = textMatching(OVERRIDE_NAME, NAME_WORDS);
// Whatever a token can be asked for: an id or a domain.
const TENANT_NAME = /^[A-Za-z0-9.-]{1,255}$/;
const TENANT_WORDS = '1 to 255 letters, digits, dots and hyphens';
const { rate, window, burst } = CONNECTION_MEMBERS;
const TENANT_MEMBERS = { rate, window, burst } as Readonly<Record<string, Check>>;
const checkMembers = objectOf({
  ...CONNECTION_MEMBERS,
  seed: numberIn({ min: 0, max: 4_294_967_295, whole: true }),
  token: objectOf({
    expiresIn: numberIn({ min: 1, max: 86_400, whole: true }),
    fail: eitherOf('must be null, a status from 400 to 599, or {status, error, body, headers}', [
      numberIn({ min: 400, max: 599, whole: true, orNull: 'no failure' }),
      tokenFailure,
    ]),
    roles: listOf(textMatching(/^[A-Za-z0-9.]{1,100}$/, 'the name of a permission'), { max: 100, words: 'roles' }),
    claims: check('must be null or an object of claims', (value) => value === null || isObject(value)),
  }),
  unknownConnections: listOf(connectionId, { max: CONNECTIONS_MAX, words: 'connection ids' }),
  connections: mapOf(objectOf(CONNECTION_MEMBERS), {
    name: OVERRIDE_NAME,
    words: NAME_WORDS,
    max: CONNECTIONS_MAX,
  }),
  tenants: mapOf(objectOf(TENANT_MEMBERS), { name: TENANT_NAME, words: TENANT_WORDS, max: CONNECTIONS_MAX }),
});

export type BehaviorVerdict = { readonly behavior: Behavior } | { readonly problems: readonly Problem[] };

export function checkBehavior(value: unknown): BehaviorVerdict {
  const problems: Problem[] = [];
  const report = (member: string, rule: string) => {
    if (problems.length < PROBLEMS_MAX) problems.push({ member: member === '' ? 'body' : member, rule });
  };
  checkMembers(value, '', report);
  if (problems.length > 0) return { problems };
  const behavior = completeBehavior(value as BehaviorInput);
  checkSharesSum('shares', behavior.shares, report);
  for (const connection of Object.keys(behavior.connections)) {
    checkSharesSum(`connections.${connection}.shares`, behaviorOf(connection, behavior).shares, report);
  }
  return problems.length > 0 ? { problems } : { behavior };
}

function checkSharesSum(member: string, shares: Behavior['shares'], report: (member: string, rule: string) => void) {
  const sum = Object.values(shares).reduce((total, each) => total + each, 0);
  // A little above 1 is rounding: ten times 0.1 is not 1 in binary.
  if (sum > 1 + 1e-9) report(member, `must not add up to more than 1; they add up to ${sum}`);
}
