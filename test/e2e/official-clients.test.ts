/*
  The drop-in path: Microsoft's own clients of Graph speak to the emulator and to the intake, in the same words, and what
  they make of the two answers is compared. Where Sluice differs on purpose, the difference is written down here.
*/
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Client, type GraphError, ResponseType } from '@microsoft/microsoft-graph-client';
import type { ExternalActivity } from '@microsoft/msgraph-sdk/models/externalConnectors/index.js';
import { eventually } from '@sluice/testing';
import { addByModels, fetchToken, openTlsFronts } from '../support/official-clients.ts';
import { type System, startSystem } from '../support/start-system.ts';

let system: System;
let token: string;
let emulatorUrl: string;
let intakeUrl: string;
const fronts = openTlsFronts();
before(async () => {
  system = await startSystem({ workers: 1, intakes: 1 });
  token = await fetchToken(system, PERFORMER);
  emulatorUrl = await fronts.before(system.emulator.url);
  intakeUrl = await fronts.before(system.intakes[0]!.url!);
});
after(async () => {
  fronts.close();
  await system.stop();
});

const PERFORMER = '1f0c997e-99f7-43f1-8cca-086f8d42be8d';
const SENT = {
  '@odata.type': '#microsoft.graph.externalConnectors.externalActivity',
  type: 'created',
  startDateTime: '2021-04-06T18:04:31.033Z',
  performedBy: { '@odata.type': '#microsoft.graph.externalConnectors.identity', type: 'user', id: PERFORMER },
};
const ACTION = '/external/connections/official/items/doc1/addActivities';
const CLIENT_REQUEST_ID = '0f5c1b9e-6a1d-4d57-9a58-6a0d3c1f2b3e';

interface Seen {
  readonly status: number;
  readonly code: string | null;
  /** Members of the body, sorted; of an error those of `error` and of its `innerError`. */
  readonly members: readonly string[];
  readonly value: unknown;
  readonly contentType: string | null;
  readonly clientRequestId: string | null;
  readonly headers: readonly string[];
}

/** Headers that a client of Graph may look at. */
const HEADERS = ['request-id', 'client-request-id', 'retry-after', 'allow', 'www-authenticate'];

interface Call {
  readonly path?: string;
  readonly version?: 'v1.0' | 'beta';
  readonly method?: 'post' | 'get' | 'put' | 'patch' | 'delete';
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What the official client makes of an answer. */
async function ask(baseUrl: string, { path = ACTION, version = 'v1.0', method = 'post', body, headers = {} }: Call) {
  const authProvider = (done: (error: unknown, token: string) => void) => done(null, token);
  const client = Client.init({ baseUrl, defaultVersion: version, authProvider, customHosts: new Set(['localhost']) });
  const request = client.api(path).headers({ 'client-request-id': CLIENT_REQUEST_ID, ...headers });
  try {
    // Raw, to see the headers as well; the client then leaves it to its caller to look at the status.
    const response: Response = await request.responseType(ResponseType.RAW)[method](body);
    if (!response.ok) return await request.responseType(ResponseType.JSON)[method](body);
    const answer = (await response.json()) as Record<string, unknown>;
    return seen(response.status, null, Object.keys(answer), answer, response.headers);
  } catch (error) {
    const { statusCode, code, body: text, requestId, headers: got } = error as GraphError;
    const { innerError, ...outer } = JSON.parse(text) as { readonly innerError: Record<string, unknown> };
    assert.ok(requestId !== null && requestId === got?.get('request-id'), 'the client finds the id of the request');
    return seen(statusCode, code, [...Object.keys(outer), ...Object.keys(innerError)], null, got ?? new Headers());
  }
}

function seen(status: number, code: string | null, members: readonly string[], value: unknown, headers: Headers): Seen {
  return {
    status,
    code,
    members: [...members].sort(),
    value,
    contentType: headers.get('content-type')?.split(';')[0] ?? null,
    clientRequestId: headers.get('client-request-id'),
    headers: HEADERS.filter((name) => headers.has(name)),
  };
}

async function askBoth(call: Call): Promise<{ readonly graph: Seen; readonly sluice: Seen }> {
  const [graph, sluice] = await Promise.all([ask(emulatorUrl, call), ask(intakeUrl, call)]);
  return { graph, sluice };
}

test('what Graph takes is taken, and the answers are the same', async () => {
  const activities = [SENT, { ...SENT, type: 'viewed', startDateTime: '2021-04-06T20:04:31.0330000+02:00' }];
  for (const version of ['v1.0', 'beta'] as const) {
    for (const action of ['addActivities', 'microsoft.graph.externalConnectors.addActivities']) {
      const path = `/external/connections/official/items/doc1/${action}`;
      const { graph, sluice } = await askBoth({ path, version, body: { activities } });
      assert.equal(sluice.status, 200);
      assert.deepEqual(sluice, graph);
      assert.equal(sluice.clientRequestId, CLIENT_REQUEST_ID);
    }
  }
});

test('what Graph refuses whole is refused with the same status and code, in the same shape', async () => {
  const calls: Readonly<Record<string, Call>> = {
    'no list': { body: {} },
    'an empty list': { body: { activities: [] } },
    'no list but an object': { body: { activities: {} } },
    'a list in place of the body': { body: [SENT] },
    'a member that is not there': { body: { activities: [SENT], more: 1 } },
    'text that is not JSON': { body: '{"activities":', headers: { 'Content-Type': 'application/json' } },
    'text that is not said to be JSON': { body: '{}', headers: { 'Content-Type': 'text/plain' } },
    'an item id with a dot': { path: ACTION.replace('doc1', 'a.b'), body: { activities: [SENT] } },
    'an item id with a slash': { path: ACTION.replace('doc1', 'a%2fb'), body: { activities: [SENT] } },
    'an item id of other letters': {
      path: ACTION.replace('doc1', 'M\u00fcller\u2013\u6f22'),
      body: { activities: [SENT] },
    },
    'the same, percent-encoded': {
      path: ACTION.replace('doc1', encodeURIComponent('M\u00fcller')),
      body: { activities: [SENT] },
    },
    'an item id of 129': { path: ACTION.replace('doc1', 'a'.repeat(129)), body: { activities: [SENT] } },
    'a connection id of 2': { path: ACTION.replace('official', 'hr'), body: { activities: [SENT] } },
    'more than 4 MB': { body: { activities: [{ ...SENT, id: 'x'.repeat(4 * 1024 * 1024) }] } },
    'another method': { method: 'get' },
    'yet another method': { method: 'patch', body: { activities: [SENT] } },
  };
  for (const [name, call] of Object.entries(calls)) {
    const { graph, sluice } = await askBoth(call);
    assert.ok(graph.status >= 400, name);
    // `details` and the code inside, which say more than Graph does, may come on top.
    const more = new Set(['code', 'details']);
    const members = (one: Seen) => one.members.filter((member) => !more.has(member));
    const same = (one: Seen) => ({ ...one, members: members(one) });
    assert.deepEqual(same(sluice), same(graph), name);
  }
});

test('a single bad activity, which costs a call to Graph all others, costs only itself: 207 with its error in place', async () => {
  const bad = { ...SENT, type: 'liked' };
  const { graph, sluice } = await askBoth({ body: { activities: [SENT, bad] } });
  assert.deepEqual([graph.status, sluice.status], [400, 207]);
  const { value } = sluice.value as { value: { type: string; error: { code: string; target: string } | null }[] };
  assert.deepEqual(
    value.map(({ type, error }) => [type, error?.code ?? null, error?.target ?? null]),
    [
      ['created', null, null],
      ['liked', 'invalidRequest', '#/activities/1/type'],
    ],
  );
  const alone = await askBoth({ body: { activities: [bad] } });
  assert.deepEqual([alone.graph.status, alone.graph.code], [400, 'invalidRequest']);
  assert.deepEqual([alone.sluice.status, alone.sluice.code], [400, 'invalidRequest']);
});

test('where Sluice takes more than Graph: over 20 activities, and activities without @odata.type', async () => {
  const many = Array.from({ length: 25 }, (_, n) => ({ ...SENT, startDateTime: `2021-04-06T18:04:${10 + n}Z` }));
  const { '@odata.type': _type, ...bare } = SENT;
  for (const activities of [many, [bare]]) {
    const { graph, sluice } = await askBoth({ body: { activities } });
    assert.deepEqual([graph.status, sluice.status], [400, 200]);
  }
});

test('everything else of Graph is notSupported: a client is told at once, and tries nothing again', async () => {
  const paths = ['/me', '/external/connections', '/external/connections/official/items/doc1', '/$batch', '/users/x'];
  for (const version of ['v1.0', 'beta'] as const) {
    for (const path of paths) {
      for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
        const body = method === 'get' || method === 'delete' ? undefined : {};
        const sluice = await ask(intakeUrl, { path, version, method, body });
        assert.deepEqual([sluice.status, sluice.code], [501, 'notSupported'], `${method} ${path}`);
      }
    }
  }
});

test('the models of msgraph-sdk read the same results from both', async () => {
  const activity: ExternalActivity = {
    odataType: '#microsoft.graph.externalConnectors.externalActivity',
    type: 'commented',
    startDateTime: new Date(Date.UTC(2026, 0, 31, 13, 45)),
    performedBy: { odataType: '#microsoft.graph.externalConnectors.identity', type: 'user', id: PERFORMER },
  };
  const [graph, sluice] = await Promise.all(
    [emulatorUrl, intakeUrl].map((baseUrl) => addByModels({ baseUrl, path: ACTION, token }, [activity])),
  );
  assert.deepEqual(sluice, graph);
  assert.deepEqual(
    [sluice?.[0]?.type, sluice?.[0]?.startDateTime?.getTime()],
    ['commented', activity.startDateTime?.getTime()],
  );
});

test('what an official client was answered 200 for is in Graph, once', async () => {
  const path = '/external/connections/delivered/items/doc1/addActivities';
  const activities = Array.from({ length: 45 }, (_, n) => ({ ...SENT, startDateTime: `2026-04-06T18:04:${10 + n}Z` }));
  const { status } = await ask(intakeUrl, { path, body: { activities } });
  assert.equal(status, 200);
  const arrived = async () => (await system.emulator.ledger()).filter(({ connection }) => connection === 'delivered');
  await eventually(async () => (await arrived()).length >= 45, { withinMs: 20_000, what: 'Graph has them' });
  assert.deepEqual(
    (await arrived()).map(({ activity }) => activity.startDateTime).sort(),
    activities.map(({ startDateTime }) => startDateTime.replace('Z', '.000Z')),
  );
});
