/*
  How the second Graph answers: bodies, orders and statuses that the documentation allows or does not rule out. Each says of
  every activity whether it is appended and whether the answer tells so. Chance is an argument, so a run can be repeated.
*/
import type { ServerResponse } from 'node:http';
import type { Answer, Call, SentActivity } from './serve.ts';

export type Chance = () => number;
export type AnswerKind = (call: Call, chance: Chance) => Answer;

/** An activity that is refused for itself, whoever is beside it. */
export const isBad = ({ performedBy }: SentActivity) => performedBy.id.startsWith('bad');

type Result = Readonly<Record<string, unknown>>;

function send(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}): void {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  response.writeHead(status, { 'content-type': 'application/json', 'request-id': 'second-request', ...headers });
  response.end(text);
}

const echo = ({ type, startDateTime }: SentActivity, error: unknown = null): Result => ({ type, startDateTime, error });

/** All applied, and the answer says so, if `body` is readable. */
function taken(
  kind: string,
  body: (results: Result[], call: Call, chance: Chance) => unknown,
  status = 200,
): AnswerKind {
  return (call, chance) => {
    const all = call.activities.map(() => true);
    const results = call.activities.map((one) => echo(one));
    return { kind, applied: all, said: all, write: (response) => send(response, status, body(results, call, chance)) };
  };
}

/** Written otherwise, the same instant. */
function rewriteInstant(text: string, chance: Chance): string {
  const roll = chance();
  if (roll < 0.25) return text.replace(/\.(\d{3})Z$/, '.$10000Z');
  if (roll < 0.5) return text.replace(/Z$/, '+00:00');
  if (roll < 0.75) return text.replace(/\.(\d*?)0+Z$/, (_, digits: string) => (digits === '' ? 'Z' : `.${digits}Z`));
  const ms = Date.parse(text) + 2 * 3_600_000;
  return new Date(ms).toISOString().replace(/Z$/, '+02:00');
}

function shuffle<T>(values: readonly T[], chance: Chance): T[] {
  return values
    .map((value) => ({ value, key: chance() }))
    .sort((a, b) => a.key - b.key)
    .map(({ value }) => value);
}

const stranger = { type: 'commented', startDateTime: '1999-12-31T23:59:59.999Z', error: null };

/** Everything is said, in some form. */
export const CLEAR: readonly AnswerKind[] = [
  taken('plain', (value) => ({ value })),
  taken('annotated', (value, { activities }) => ({
    '@odata.context': 'https://graph.microsoft.com/v1.0/$metadata#Collection(externalActivityResult)',
    '@odata.count': value.length,
    value: value.map((one, n) => ({
      '@odata.type': '#x',
      id: `r${n}`,
      performedBy: activities[n]!.performedBy,
      ...one,
    })),
  })),
  taken('reordered', (value, _call, chance) => ({ value: shuffle(value, chance) })),
  taken('reversed 207', (value) => ({ value: value.toReversed() }), 207),
  taken('normalised', (value, _call, chance) => ({
    value: shuffle(value, chance).map((one) => ({
      ...one,
      startDateTime: rewriteInstant(String(one['startDateTime']), chance),
    })),
  })),
  taken('other letters', (value) => ({
    value: value.toReversed().map((one) => ({ ...one, type: String(one['type']).toUpperCase() })),
  })),
  taken('no error member', (value) => ({ value: value.map(({ error, ...one }) => one) })),
  taken('201', (value) => ({ value }), 201),
  taken('nameless', (value) => ({ value: value.map(() => ({ error: null })) })),
  taken('repeated and long', (value) => ({ value: [stranger, ...value, value[0], stranger, value.at(-1)] })),
  taken('with a byte order mark', (value) => `\uFEFF${JSON.stringify({ value })}`),
];

/** Applied, but the answer does not tell it of every activity. */
export const UNCLEAR: readonly AnswerKind[] = [
  (call, chance) => {
    const results = shuffle(call.activities, chance).map((one) => echo(one));
    const kept = results.slice(0, Math.floor(chance() * results.length));
    const keptOf = new Set(kept.map((one) => `${one['type']} ${one['startDateTime']}`));
    return {
      kind: 'short',
      applied: call.activities.map(() => true),
      said: call.activities.map(({ type, startDateTime }) => keptOf.has(`${type} ${startDateTime}`)),
      write: (response) => send(response, 207, { value: kept }),
    };
  },
  (call) => ({
    kind: 'strangers only',
    ...dark(call),
    write: (response) => send(response, 200, { value: call.activities.map(() => stranger) }),
  }),
  (call) => ({
    kind: 'contradicts itself',
    ...dark(call),
    write: (response) =>
      send(response, 207, {
        value: call.activities.flatMap((one) => [echo(one), echo(one, { code: 'serviceNotAvailable', message: 'no' })]),
      }),
  }),
  ...(
    [
      ['no content', (response) => response.writeHead(204).end()],
      ['empty 200', (response) => response.writeHead(200).end()],
      ['a page', (response) => send(response, 200, '<html><body>Welcome</body></html>')],
      ['null', (response) => send(response, 200, 'null')],
      ['value is no list', (response) => send(response, 200, { value: { error: null } })],
      ['broken JSON', (response) => send(response, 200, '{"value":[{"type":"viewed","startDateTime":"2026-01-0')],
      ['garbage before the status', (response) => response.socket?.end('HELLO THERE\r\n\r\n')],
      ['reset', (response) => response.socket?.resetAndDestroy()],
      ['closed', (response) => response.socket?.end()],
      ['headers too large', (response) => send(response, 200, '{"value":[]}', { 'x-large': 'x'.repeat(20_000) })],
      ['2 MB', (response) => send(response, 200, `{"value":[],"x":"${'x'.repeat(2_000_000)}"}`)],
      [
        'cut body',
        (response) => {
          response.writeHead(200, { 'content-type': 'application/json', 'content-length': '5000' });
          response.write('{"value":[');
          setTimeout(() => response.socket?.destroy(), 5);
        },
      ],
    ] as readonly (readonly [string, (response: ServerResponse) => void])[]
  ).map(
    ([kind, write]): AnswerKind =>
      (call) => ({ kind, ...dark(call), write }),
  ),
];

/** All applied, and nobody is told. */
function dark(call: Call): Pick<Answer, 'applied' | 'said'> {
  return { applied: call.activities.map(() => true), said: call.activities.map(() => false) };
}

/** Nothing of the call is applied. */
export function refusal(status: number, body: unknown, headers: Record<string, string> = {}): AnswerKind {
  return (call) => ({
    kind: String(status),
    applied: call.activities.map(() => false),
    said: call.activities.map(() => true),
    write: (response) => send(response, status, body, headers),
  });
}

/** Not applied; Graph or something before it had a bad moment. */
export const TRANSIENT: readonly AnswerKind[] = [
  refusal(500, ''),
  refusal(500, { error: { code: 'generalException', message: 'boom' } }),
  refusal(502, '<html>bad gateway</html>', { 'content-type': 'text/html' }),
  refusal(503, { error: { code: 'serviceNotAvailable', message: 'later' } }, { 'retry-after': '0.2' }),
  refusal(504, ''),
  refusal(409, { error: { code: 'conflict', message: 'somebody else was there' } }),
  refusal(423, 'locked'),
  refusal(408, { error: { code: 'requestTimeout' } }),
  refusal(425, ''),
  refusal(418, { error: { code: 'teapot', message: 'short and stout' } }),
  refusal(429, { error: { code: 'Too Many Requests', message: '' } }, { 'retry-after': '0.3' }),
  refusal(429, '', { 'retry-after': 'soon' }),
  refusal(509, { error: { innerError: { innererror: { code: 'quota' } } } }, { 'retry-after': '0.124' }),
  (call, chance) =>
    refusal(429, '', { 'retry-after': new Date(Date.now() + chance() * 1000).toUTCString() })(call, chance),
];

const ENTRY_ERRORS: readonly unknown[] = [
  { code: 'serviceNotAvailable', message: 'again' },
  { code: 'SERVICENOTAVAILABLE', innerError: null },
  { code: 'error', message: '', innerError: { code: 'generalException' } },
  { code: 'outer', innererror: { code: 'timeout', details: [{ code: 'x' }] } },
  { code: 'externalActivityStoreSulks', message: 'nobody wrote this down' },
  { code: null, message: null },
  {},
  'a text',
  true,
];

/** A part of the activities is taken; the results come in another order, each error in another form. */
export const partial: AnswerKind = (call, chance) => {
  const applied = call.activities.map((one) => !isBad(one) && chance() < 0.6);
  const results = call.activities.map((one, n) => {
    if (applied[n]) return echo(one);
    const bad = {
      code: 'error',
      message: 'm',
      innerError: { code: 'InvalidPerformer', message: 'there is no such user' },
    };
    return echo(one, isBad(one) ? bad : ENTRY_ERRORS[Math.floor(chance() * ENTRY_ERRORS.length)]);
  });
  return {
    kind: 'partial',
    applied,
    said: applied.map(() => true),
    write: (response) => send(response, chance() < 0.5 ? 207 : 200, { value: shuffle(results, chance) }),
  };
};

/** One activity that is refused for itself spoils the whole call. */
export const spoiled: AnswerKind = (call, chance) => {
  const statuses = [400, 422] as const;
  const body = { error: { code: 'invalidRequest', message: 'An activity is not valid.', details: [] } };
  return refusal(statuses[Math.floor(chance() * statuses.length)]!, body)(call, chance);
};
