/*
  Microsoft's own clients of Graph are refused for a while: over their quota (429), and while Redis is away (503). They try again
  by themselves, as they do with Graph, not before Retry-After has passed; what they were answered in the end is in Graph, once.
*/
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import {
  BatchRequestContent,
  Client,
  type GraphError,
  type Middleware,
  MiddlewareFactory,
  RetryHandler,
  RetryHandlerOptions,
} from '@microsoft/microsoft-graph-client';
import { eventually } from '@sluice/testing';
import { drained } from '../support/conservation.ts';
import { addByModels, openTlsFronts } from '../support/official-clients.ts';
import { runSluice } from '../support/run-sluice.ts';
import { scrape } from '../support/scrape.ts';
import { type System, startSystem } from '../support/start-system.ts';

const PERFORMER = '1f0c997e-99f7-43f1-8cca-086f8d42be8d';
const CONNECTION = 'again';
const ACTION = `/external/connections/${CONNECTION}/items/doc1/addActivities`;
const POSTS = 6;
const withinMs = 60_000;
/** A timer may fire a little before its time. */
const TIMER_MS = 5;

let system: System;
let folder: string;
let key: string;
let reader: string;
let intakeUrl: string;
const fronts = openTlsFronts();
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-again-'));
  const file = join(folder, 'keys.json');
  const makeKey = async (...words: readonly string[]) => {
    const { code, out, err } = await runSluice(['keys', 'create', ...words, '--file', file], {});
    assert.equal(code, 0, err);
    return out.trim();
  };
  const slow = ['--scope', 'ingest', '--connections', CONNECTION, '--requests-per-second', '1'];
  key = await makeKey('--name', 'slow', ...slow);
  reader = await makeKey('--name', 'reader', '--scope', 'read', '--connections', '*');
  system = await startSystem({ workers: 1, intakes: 1, env: { SLUICE_API_KEYS_FILE: file } });
  intakeUrl = await fronts.before(system.intakes[0]!.url!);
});
after(async () => {
  fronts.close();
  await system.stop();
  await rm(folder, { recursive: true, force: true });
});

/** How often the intake has answered 429. */
async function refusals(): Promise<number> {
  const { sum } = await scrape(system.intakes[0]!.url!, { 'x-api-key': reader });
  return sum('sluice_accept_requests_total', { status: '429' });
}

let made = 0;
const activityOf = () => ({
  '@odata.type': '#microsoft.graph.externalConnectors.externalActivity',
  type: 'created',
  startDateTime: new Date(Date.UTC(2026, 0, 1) + ++made * 1000).toISOString(),
  performedBy: { type: 'user', id: PERFORMER },
  id: `activity-${made}`,
});

interface Try {
  readonly atMs: number;
  readonly status: number;
  readonly retryAfterS: number | null;
}

/** The client as `Client.init` makes it, but more patient, and with every answer written down below its own handler of retries. */
function openClient(tries: Try[]): Client {
  const authenticate = { getAccessToken: async () => key };
  const [first, ...chain] = MiddlewareFactory.getDefaultMiddlewareChain(authenticate);
  const at = chain.findIndex((one) => one instanceof RetryHandler);
  assert.ok(at >= 0, 'the client has its handler of retries');
  const patient = new RetryHandler(new RetryHandlerOptions(3, 10));
  const watch: Middleware & { next?: Middleware } = {
    execute: async (context) => {
      await watch.next!.execute(context);
      const { status, headers } = context.response!;
      const retryAfter = headers.get('retry-after');
      tries.push({ atMs: performance.now(), status, retryAfterS: retryAfter === null ? null : Number(retryAfter) });
    },
    setNext: (next) => {
      watch.next = next;
    },
  };
  return Client.initWithMiddleware({
    middleware: [first!, ...chain.slice(0, at), patient, watch, ...chain.slice(at + 1)],
    baseUrl: intakeUrl,
    customHosts: new Set(['localhost']),
  });
}

function assertPatient(tries: readonly Try[], refusedWith: number): void {
  const refused = tries.filter(({ status }) => status === refusedWith);
  assert.ok(refused.length > 0, `some were answered ${refusedWith}: ${tries.map(({ status }) => status)}`);
  for (const { retryAfterS } of refused) assert.ok(retryAfterS !== null && retryAfterS >= 1);
}

/** Of one request alone: no try is answered before the Retry-After of the one before has passed. */
function assertNotTooSoon(tries: readonly Try[]): void {
  for (const [n, { atMs, retryAfterS }] of tries.slice(0, -1).entries()) {
    const waitedMs = tries[n + 1]!.atMs - atMs;
    assert.ok(
      waitedMs >= (retryAfterS ?? 0) * 1000 - TIMER_MS,
      `try ${n + 2} came ${waitedMs} ms after the one before`,
    );
  }
}

async function assertInGraphOnce(ids: readonly string[]): Promise<void> {
  await drained(system, [CONNECTION], withinMs);
  const lines = (await system.emulator.ledger()).filter(({ connection }) => connection === CONNECTION);
  assert.deepEqual(lines.map(({ activity }) => activity.startDateTime).sort(), [...ids].sort());
}

test('over its quota: 429, and each is taken in the end', async () => {
  const tries: Try[] = [];
  const client = openClient(tries);
  const sent = Array.from({ length: POSTS }, activityOf);
  const answers = await Promise.all(sent.map((one) => client.api(ACTION).post({ activities: [one] })));
  for (const { value } of answers) assert.equal(value[0].error, null);
  assertPatient(tries, 429);
  // The newer client, one after another and faster than the quota.
  const more = [activityOf(), activityOf(), activityOf()];
  const refusedBefore = await refusals();
  for (const { startDateTime } of more) {
    const performedBy = { type: 'user', id: PERFORMER } as const;
    const activity = { type: 'created', startDateTime: new Date(startDateTime), performedBy } as const;
    const results = await addByModels({ baseUrl: intakeUrl, path: ACTION, token: key }, [activity]);
    assert.deepEqual(
      results?.map((result) => result.startDateTime?.getTime()),
      [activity.startDateTime.getTime()],
    );
  }
  assert.ok((await refusals()) > refusedBefore, 'the newer client met 429 as well');
  await assertInGraphOnce([...sent, ...more].map(({ startDateTime }) => startDateTime));
});

test('while Redis is away: 503, and each is taken when it is back', async () => {
  const before = await system.emulator.ledger();
  const tries: Try[] = [];
  const client = openClient(tries);
  await system.redis.kill9();
  const sent = activityOf();
  const answer = client.api(ACTION).post({ activities: [sent] });
  await eventually(() => tries.some(({ status }) => status === 503), { withinMs, what: 'the client is refused' });
  await system.redis.restart();
  const { value } = await answer;
  assert.deepEqual([value[0].startDateTime, value[0].error], [sent.startDateTime, null]);
  assertPatient(tries, 503);
  assertNotTooSoon(tries);
  await assertInGraphOnce([...before.map(({ activity }) => activity.startDateTime), sent.startDateTime]);
});

test('$batch and a foreign key are refused in Graph’s words, at once', async () => {
  const tries: Try[] = [];
  const client = openClient(tries);
  const request = new Request(`${intakeUrl}/v1.0${ACTION}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ activities: [activityOf()] }),
  });
  const batch = new BatchRequestContent([{ id: '1', request }]);
  const refusal = async (answer: Promise<unknown>) =>
    answer.then(
      () => assert.fail('it was taken'),
      (error: GraphError) => error,
    );
  const ofBatch = await refusal(client.api('/$batch').post(await batch.getContent()));
  assert.deepEqual([ofBatch.statusCode, ofBatch.code], [501, 'notSupported']);
  assert.match(ofBatch.message, /one by one/);
  const foreign = await refusal(client.api(ACTION.replace(CONNECTION, 'other')).post({ activities: [activityOf()] }));
  assert.deepEqual([foreign.statusCode, foreign.code], [403, 'accessDenied']);
  assert.equal(tries.length, 2, 'neither is tried again');
});
