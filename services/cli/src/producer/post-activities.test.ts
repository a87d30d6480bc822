import assert from 'node:assert/strict';
import test from 'node:test';
import type { OutgoingActivity } from './make-git-activity.ts';
import {
  BATCH_ACTIVITIES_MAX,
  type Posted,
  parseRetryAfter,
  postActivities,
  REFUSED_MS_MAX,
  REQUESTS_MAX,
} from './post-activities.ts';

type Answer = { readonly status: number; readonly body?: object; readonly headers?: Record<string, string> } | Error;

function activity(n: number): OutgoingActivity {
  const performedBy = { type: 'user', id: '00000000-0000-4000-8000-000000000000' } as const;
  return {
    itemId: `item-${n}`,
    id: `id-${n}`,
    type: 'modified',
    startDateTime: '2026-01-01T00:00:00.000Z',
    performedBy,
  };
}

async function* activities(count: number) {
  for (let n = 0; n < count; n++) yield activity(n);
}

/** An intake that answers each request with the next answer, and then always takes everything. */
function fakeIntake(answers: Answer[]) {
  const bodies: { activities: OutgoingActivity[] }[] = [];
  const waits: number[] = [];
  let open = 0;
  const seen = { openMost: 0 };
  let nowMs = 0;
  return {
    bodies,
    waits,
    seen,
    fetch: (async (_url: string, init: { body: string }) => {
      seen.openMost = Math.max(seen.openMost, ++open);
      await new Promise(setImmediate);
      open--;
      const body = JSON.parse(init.body);
      bodies.push(body);
      const answer = answers.shift() ?? { status: 202 };
      if (answer instanceof Error) throw answer;
      const taken = { receiptId: `r${bodies.length}`, accepted: body.activities.length, duplicates: 0, rejected: [] };
      const text = JSON.stringify(answer.body ?? taken);
      return new Response(text, { status: answer.status, headers: answer.headers ?? {} });
    }) as unknown as typeof fetch,
    nowMs: () => nowMs,
    pause: async (ms: number) => {
      waits.push(ms);
      nowMs += ms;
    },
  };
}

async function post(count: number, answers: Answer[], signal = new AbortController().signal) {
  const intake = fakeIntake(answers);
  const posted: Posted[] = [];
  const settings = { url: 'http://intake/', signal, onPosted: (each: Posted) => posted.push(each), ...intake };
  const failure = await postActivities(activities(count), settings).then(
    () => null,
    (error: Error) => error.message,
  );
  return { ...intake, posted, failure };
}

test('everything is posted once, in batches, with a few requests on their way at most', async () => {
  const count = 10 * BATCH_ACTIVITIES_MAX + 1;
  const { bodies, seen, posted } = await post(count, []);
  assert.equal(bodies.length, 11);
  assert.equal(new Set(bodies.flatMap((body) => body.activities.map(({ id }) => id))).size, count);
  assert.equal(
    posted.reduce((sum, { accepted }) => sum + accepted, 0),
    count,
  );
  assert.equal(seen.openMost, REQUESTS_MAX);
});

test('the source is not read further than what is on its way', async () => {
  let read = 0;
  async function* source() {
    for (; read < 20 * BATCH_ACTIVITIES_MAX; read++) yield activity(read);
  }
  const never = (async () => new Promise(() => undefined)) as unknown as typeof fetch;
  void postActivities(source(), {
    url: 'http://intake/',
    signal: new AbortController().signal,
    onPosted: () => undefined,
    fetch: never,
  });
  for (let turn = 0; turn < 50_000; turn++) await null;
  assert.ok(read <= REQUESTS_MAX * BATCH_ACTIVITIES_MAX, `${read} read`);
});

test('429, 503, a lost connection and an answer of a proxy are tried again with the same ids, not before Retry-After', async () => {
  const answers = [
    { status: 429, headers: { 'retry-after': '7' } },
    { status: 503 },
    new TypeError('fetch failed'),
    { status: 502 },
  ];
  const { bodies, waits, posted } = await post(3, answers);
  assert.equal(bodies.length, 5);
  for (const body of bodies) assert.deepEqual(body, bodies[0]);
  assert.deepEqual(waits, [7000, 500, 1000, 2000]);
  assert.equal(posted.length, 1);
});

test('207 and a 400 that lists what was wrong are answers: they are counted and not tried again', async () => {
  const rejected = [{ index: 0, code: 'c', message: 'm' }];
  const { bodies, posted, failure } = await post(BATCH_ACTIVITIES_MAX + 1, [
    { status: 207, body: { receiptId: 'r', accepted: 999, duplicates: 0, rejected } },
    { status: 400, body: { code: 'invalid', rejected } },
  ]);
  assert.equal(bodies.length, 2);
  assert.equal(failure, null);
  assert.deepEqual(
    posted.map((each) => [each.accepted, each.rejected.length]),
    [
      [999, 1],
      [0, 1],
    ],
  );
});

test('a refusal that trying again does not mend ends it, with the intake’s own words', async () => {
  const { bodies, failure } = await post(1, [
    { status: 404, body: { code: 'connection_not_found', detail: 'No such connection.' } },
  ]);
  assert.equal(bodies.length, 1);
  assert.equal(failure, 'The intake answers 404 (connection_not_found: No such connection.).');
});

test('an intake that never takes a batch is given up after a while', async () => {
  const answers = Array.from({ length: 1000 }, () => ({ status: 503 }));
  const { waits, failure } = await post(1, answers);
  assert.equal(failure, 'The intake answers 503.');
  const waited = waits.reduce((sum, ms) => sum + ms, 0);
  assert.ok(waited > REFUSED_MS_MAX && waited < REFUSED_MS_MAX * 1.1, `${waited} ms`);
});

test('a stop ends the trying', async () => {
  const stop = new AbortController();
  const intake = fakeIntake(Array.from({ length: 1000 }, () => ({ status: 503 })));
  const pause = async () => stop.abort();
  await postActivities(activities(1), {
    url: 'http://intake/',
    signal: stop.signal,
    onPosted: () => undefined,
    ...intake,
    pause,
  });
  assert.equal(intake.bodies.length, 1);
});

test('Retry-After may be seconds or a date; what is neither is no wait', () => {
  assert.equal(parseRetryAfter('2', 0), 2000);
  assert.equal(parseRetryAfter('Thu, 01 Jan 1970 00:00:05 GMT', 1000), 4000);
  assert.equal(parseRetryAfter('soon', 0), 0);
  assert.equal(parseRetryAfter(null, 0), 0);
  assert.equal(parseRetryAfter('999999', 0), 60_000);
});
