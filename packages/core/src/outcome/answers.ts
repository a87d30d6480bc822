/*
  outcome: the one table of what every answer means. It is data: the docs are compared with it, and nothing else of the
  system looks at a status or a code. Sources: Graph's errors and best-practices pages, RFC 9110; what Graph leaves
  undocumented (its per-entry codes, above all) is decided for not losing an activity: unknown is retried, within bounds.
*/
import type { CallSettlement } from '../settle/settlement.ts';
import type { Counted, EntryVerdict } from './outcome.ts';
import type { FailureCode } from './reply.ts';

export interface Answer {
  /** Its name in docs and logs. */
  readonly answer: string;
  /** Which answers it is about: HTTP statuses (numbers, or first and last of a range), failures without a status, codes of one entry in lower case. */
  readonly statuses: readonly (number | readonly [first: number, last: number])[];
  readonly failures: readonly FailureCode[];
  readonly entryCodes: readonly string[];
  /** A condition that the status alone does not show; null: none. Such a row is chosen by classify-reply.ts. */
  readonly only: string | null;
  /** 'by entry': each result of the answer is looked at. */
  readonly verdict: EntryVerdict | 'by entry';
  readonly counted: Counted;
  readonly delayMsMin: number;
  readonly quota: CallSettlement['quota'];
  /** closes: nobody calls until it has passed; delays: these entries do not come back before. */
  readonly retryAfter: 'closes' | 'delays' | 'ignored';
  /** The closure when there is no usable Retry-After. */
  readonly closure: 'backoff' | 'brief' | null;
  readonly failed: boolean | null;
  /** Whether the answer shows that the connection exists, or that something on the way to the item does not. */
  readonly target: 'found' | 'missing' | null;
  /** The connection is held, under this code. */
  readonly hold: string | null;
  /** With several entries the call is split in two before anything is rejected. */
  readonly bisects: boolean;
  readonly why: string;
}

const NOTHING = {
  statuses: [],
  failures: [],
  entryCodes: [],
  only: null,
  counted: 'never',
  delayMsMin: 0,
  quota: 'none',
  retryAfter: 'ignored',
  closure: null,
  failed: null,
  target: null,
  hold: null,
  bisects: false,
} as const;

/** So many calls of a connection that never had a 2xx are answered 404: then it is the connection that is missing. */
export const MISSING_CALLS = 3;

/** An item may be found a while after it was put; each try waits at least this long. */
const ITEM_MISSING_DELAY_MS_MIN = 60_000;

/** First match wins, so a single status stands before its range. */
export const ANSWERS = {
  results: {
    ...NOTHING,
    answer: '2xx with results',
    statuses: [[200, 299]],
    verdict: 'by entry',
    quota: 'accepted',
    retryAfter: 'closes',
    failed: false,
    target: 'found',
    why: '200 and 207 are read alike: an entry is delivered exactly when its result has no error.',
  },
  resultsUnreadable: {
    ...NOTHING,
    answer: '2xx without readable results',
    only: 'the body is empty, cut off, too large, not JSON or has no list `value`',
    verdict: 'unknown',
    counted: 'always',
    failed: true,
    target: 'found',
    why: 'The status says that at least a part was applied; which, nobody can tell. No proof that the connection works.',
  },
  redirected: {
    ...NOTHING,
    answer: '3xx',
    statuses: [[300, 399]],
    verdict: 'retryable',
    hold: 'redirected',
    why: 'Never followed: the bearer token would go to another host. The Graph root is set wrongly, or something sits in between.',
  },
  badRequest: {
    ...NOTHING,
    answer: '400, 405, 406, 411, 413, 415, 422, 501',
    statuses: [400, 405, 406, 411, 413, 415, 422, 501],
    verdict: 'rejected',
    quota: 'accepted',
    failed: false,
    bisects: true,
    why: 'Graph refuses the request as it is. One bad entry spoils a call, so only one that stands alone is dead-lettered.',
  },
  unauthorized: {
    ...NOTHING,
    answer: '401',
    statuses: [401],
    verdict: 'retryable',
    hold: 'unauthorized',
    why: 'The sender has refreshed the token once and was refused again. No activity is at fault.',
  },
  paymentRequired: {
    ...NOTHING,
    answer: '402',
    statuses: [402],
    verdict: 'retryable',
    hold: 'payment_required',
    why: 'Licence or billing of the tenant; an operator must mend it.',
  },
  forbidden: {
    ...NOTHING,
    answer: '403',
    statuses: [403],
    verdict: 'retryable',
    hold: 'forbidden',
    why: 'A permission is missing or was taken away; an operator must mend it.',
  },
  itemMissing: {
    ...NOTHING,
    answer: '404 of the item',
    statuses: [404],
    verdict: 'retryable',
    counted: 'always',
    delayMsMin: ITEM_MISSING_DELAY_MS_MIN,
    quota: 'accepted',
    retryAfter: 'delays',
    failed: false,
    target: 'missing',
    why: 'Items may appear late: retried for a while, then dead-lettered.',
  },
  connectionMissing: {
    ...NOTHING,
    answer: '404 of the connection',
    only: `a code or message of any level names the connection, or the connection never had a 2xx and its first ${MISSING_CALLS} calls were 404`,
    verdict: 'retryable',
    target: 'missing',
    hold: 'connection_not_found',
    why: 'The connection was deleted or is named wrongly; an operator must mend it.',
  },
  conflict: {
    ...NOTHING,
    answer: '409, 412, 423',
    statuses: [409, 412, 423],
    verdict: 'retryable',
    counted: 'always',
    quota: 'accepted',
    retryAfter: 'delays',
    failed: false,
    why: 'The item is in another state or locked: later it may not be.',
  },
  requestLost: {
    ...NOTHING,
    answer: '408, 425',
    statuses: [408, 425],
    verdict: 'unknown',
    counted: 'when-others-succeed',
    retryAfter: 'delays',
    failed: true,
    why: 'The server gave up on the request; how far it had come is not said.',
  },
  throttled: {
    ...NOTHING,
    answer: '429, 509',
    statuses: [429, 509],
    verdict: 'retryable',
    quota: 'refused',
    retryAfter: 'closes',
    closure: 'backoff',
    why: 'Not applied. The status decides, never the code: Graph sends several. A throttle says nothing about the activities.',
  },
  requestRefused: {
    ...NOTHING,
    answer: 'any other 4xx',
    statuses: [[400, 499]],
    verdict: 'retryable',
    counted: 'always',
    retryAfter: 'delays',
    failed: true,
    why: 'Nothing documented: retried within the bounds rather than thrown away.',
  },
  unavailable: {
    ...NOTHING,
    answer: '503',
    statuses: [503],
    verdict: 'unknown',
    counted: 'when-others-succeed',
    retryAfter: 'closes',
    failed: true,
    why: 'Overload or maintenance. Mostly not applied, but nobody promises it. The sender takes a new socket.',
  },
  storageFull: {
    ...NOTHING,
    answer: '507',
    statuses: [507],
    verdict: 'unknown',
    retryAfter: 'closes',
    hold: 'storage_full',
    why: "The tenant's storage quota is used up; an operator must mend it.",
  },
  serverError: {
    ...NOTHING,
    answer: 'any other 5xx',
    statuses: [[500, 599]],
    verdict: 'unknown',
    counted: 'when-others-succeed',
    retryAfter: 'delays',
    failed: true,
    why: 'A server error may come after the effect.',
  },
  statusUnknown: {
    ...NOTHING,
    answer: 'any other status',
    statuses: [
      [0, 199],
      [600, 999],
    ],
    verdict: 'unknown',
    counted: 'always',
    failed: true,
    why: 'Not HTTP as we know it.',
  },
  notConnected: {
    ...NOTHING,
    answer: 'no connection: refused, dns, tls, connect-timeout',
    failures: ['refused', 'dns', 'tls', 'connect-timeout'],
    verdict: 'retryable',
    failed: true,
    why: 'Not sent. The breaker keeps an unreachable Graph from being asked all the time.',
  },
  leaseTooShort: {
    ...NOTHING,
    answer: 'too little of the lease was left',
    failures: ['lease'],
    verdict: 'retryable',
    why: 'Not sent, and our own doing: released.',
  },
  tokenMissing: {
    ...NOTHING,
    answer: 'no token could be had',
    failures: ['token'],
    verdict: 'retryable',
    closure: 'brief',
    why: 'Not sent. The identity provider is away or busy; that passes.',
  },
  credentialRefused: {
    ...NOTHING,
    answer: 'the identity provider refuses the credential',
    failures: ['credential'],
    verdict: 'retryable',
    hold: 'credential',
    why: 'Not sent. A secret that expires at night must not turn a million activities into dead letters.',
  },
  unsendable: {
    ...NOTHING,
    answer: 'no URL may be built',
    failures: ['unsendable'],
    verdict: 'rejected',
    why: 'Not sent, and never will be: an id that stands in the store is outside its allow-list.',
  },
  answerLost: {
    ...NOTHING,
    answer: 'no answer: timeout, reset, protocol',
    failures: ['timeout', 'reset', 'protocol'],
    verdict: 'unknown',
    counted: 'always',
    failed: true,
    why: 'The request was on its way: it may have been applied.',
  },
  entryDelivered: {
    ...NOTHING,
    answer: 'result without error',
    only: '`error` of the result is null or absent',
    verdict: 'delivered',
    why: 'Graph took it.',
  },
  entryThrottled: {
    ...NOTHING,
    answer: 'result with a throttling code',
    entryCodes: ['activitylimitreached', 'throttledrequest', 'toomanyrequests', 'too many requests', 'quota', '429'],
    verdict: 'retryable',
    quota: 'refused',
    retryAfter: 'closes',
    closure: 'backoff',
    why: 'A throttle, whatever the status of the call.',
  },
  entryTransient: {
    ...NOTHING,
    answer: 'result with a transient code',
    entryCodes: [
      'servicenotavailable',
      'serviceunavailable',
      'servicebusy',
      'generalexception',
      'internalservererror',
      'internalerror',
      'unknownerror',
      'timeout',
      'requesttimeout',
      'gatewaytimeout',
      'badgateway',
      'conflict',
    ],
    verdict: 'retryable',
    counted: 'always',
    why: 'Retried alone.',
  },
  entryRejected: {
    ...NOTHING,
    answer: 'result with a permanent code',
    entryCodes: ['badrequest', 'notsupported', 'accessdenied', 'itemnotfound', 'invalid*'],
    verdict: 'rejected',
    why: 'The same activity will be refused again.',
  },
  entryHeld: {
    ...NOTHING,
    answer: 'result with a code that the operator set to hold',
    only: '`outcomes` says hold',
    verdict: 'retryable',
    hold: 'outcome_hold',
    why: 'The operator knows what it means here.',
  },
  entryOther: {
    ...NOTHING,
    answer: 'result with any other error',
    only: 'no level has a code that stands here or in `outcomes`',
    verdict: 'retryable',
    counted: 'always',
    why: 'Codes of entries are not documented: unknown is retried, and the bounds end it. Counted, and logged once with the error.',
  },
  entryMissing: {
    ...NOTHING,
    answer: 'no result for the entry',
    only: 'the answer has results, but none for it',
    verdict: 'unknown',
    counted: 'always',
    why: 'A missing result is not a success.',
  },
  entryAmbiguous: {
    ...NOTHING,
    answer: 'several results, or several entries, of one type and instant',
    only: 'nothing tells them apart, or the results contradict each other',
    verdict: 'unknown',
    counted: 'always',
    why: 'Never guessed at.',
  },
} as const satisfies Record<string, Answer>;

/** All rows, in the order of the table. */
export const ANSWER_ROWS: readonly Answer[] = Object.values(ANSWERS);
