/* Every deed is written down: who, what, when, on what, and what came of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fixedAccess, testKey } from '@sluice/access/fixed';
import { createLogger } from '@sluice/telemetry';
import { openTestConsole } from './open-test-console.ts';

const access = fixedAccess([
  { name: 'ops', scopes: ['read', 'operate'], connections: '*' },
  { name: 'look', scopes: ['read'], connections: '*' },
  { name: 'hr only', scopes: ['read', 'operate'], connections: ['hr1'] },
  { name: 'tickets only', scopes: ['read'], connections: ['tickets'] },
]);
const bearer = (n: number) => ({ authorization: `Bearer ${testKey(n)}` });
const HR = '/api/v1/connections/hr1';

test('pause, resume, replay and discard are told with who did them and what came of it, the newest first', async () => {
  const opened = openTestConsole({}, { access });
  await opened.end('a', 3);
  const headers = bearer(0);
  await opened.post(`${HR}/pause`, undefined, headers);
  await opened.post(`${HR}/resume`, undefined, bearer(1));
  await opened.post(`${HR}/dead-letters/replay`, { filter: { itemId: 'a', state: 'dead' } }, bearer(2));
  await opened.post(`${HR}/dead-letters/discard`, { ids: ['dead-1-1'] }, headers);
  await opened.post('/api/v1/connections/nothere/pause', undefined, headers);
  const { body } = await opened.get('/api/v1/audit', headers);
  const told = body.entries.map((entry: Record<string, unknown>) =>
    [entry['who'], entry['action'], entry['connectionId'], entry['outcome'], entry['status'], entry['detail']].join(
      '|',
    ),
  );
  assert.deepEqual(told, [
    'ops|pause|nothere|refused|404|',
    'ops|discard|hr1|done|200|1 ids: 0 of 0 done',
    'hr only|replay|hr1|done|200|state=dead itemId=a: 3 of 3 done',
    'look|resume|hr1|refused|403|',
    'ops|pause|hr1|done|200|',
  ]);
  assert.match(body.entries[0].at, /^20.*Z$/);
  assert.deepEqual([body.entries[4].keyId, body.entries[4].requestId], [testKey(0).slice(4, 16), 'request-1']);
});

test('pages go on from next; a key for one connection is told what was done on that', async () => {
  const opened = openTestConsole({}, { access });
  await opened.end('a', 1);
  for (let n = 0; n < 3; n++) await opened.post(`${HR}/pause`, undefined, bearer(0));
  const first = (await opened.get('/api/v1/audit?limit=2', bearer(0))).body;
  const second = (await opened.get(`/api/v1/audit?limit=2&cursor=${first.next}`, bearer(0))).body;
  assert.deepEqual([first.entries.length, second.entries.length, second.next], [2, 1, null]);
  assert.equal((await opened.get('/api/v1/audit', bearer(2))).body.entries.length, 3);
  assert.equal((await opened.get('/api/v1/audit', bearer(3))).body.entries.length, 0);
  for (const query of ['limit=0', 'limit=1001', 'limit=x', `cursor=${'x'.repeat(65)}`]) {
    assert.equal((await opened.get(`/api/v1/audit?${query}`, bearer(0))).status, 400, query);
  }
});

test('who comes and goes at the page is told; who did not say who he is, is not, and no key is', async () => {
  const opened = openTestConsole({}, { access });
  await opened.post(`${HR}/pause`, undefined, bearer(9));
  await opened.post('/api/v1/session', { key: testKey(9) });
  const signedIn = await opened.post('/api/v1/session', { key: testKey(0) });
  await opened.delete('/api/v1/session', { cookie: String(signedIn.headers['set-cookie']).split(';')[0]! });
  const { body, text } = await opened.get('/api/v1/audit', bearer(0));
  const told = body.entries.map(({ who, action, status }: Record<string, string>) => `${who} ${action} ${status}`);
  assert.deepEqual(told, ['ops sign-out 204', 'ops sign-in 200']);
  assert.ok(!text.includes(testKey(0)));
});

test('a deed is done and answered when it cannot be written down', async () => {
  const auditLog = {
    recordDeed: () => Promise.reject(new Error('away')),
    readDeeds: () => Promise.reject(new Error('away')),
  };
  const lines: string[] = [];
  const logger = createLogger('console', 'info', { write: (line) => lines.push(line) });
  const opened = openTestConsole({}, { access, auditLog, logger });
  await opened.end('a', 1);
  assert.equal((await opened.post(`${HR}/pause`, undefined, bearer(0))).status, 200);
  const told = lines.map((line) => JSON.parse(line)).filter(({ action }) => action === 'pause');
  assert.deepEqual(
    told.map(({ level, who, connectionId, outcome, err }) => [level, who, connectionId, outcome, err?.message]),
    [
      ['info', 'ops', 'hr1', 'done', undefined],
      ['warn', 'ops', 'hr1', 'done', 'away'],
    ],
    'the log has it',
  );
  assert.equal((await opened.get('/api/v1/audit', bearer(0))).status, 503);
});

test('a deed that Redis could not do is told as failed, and one that was refused as refused', async () => {
  const pause = () => Promise.reject(new Error('away'));
  const opened = openTestConsole({}, { access, faults: { pause } });
  await opened.end('a', 1);
  assert.equal((await opened.post(`${HR}/pause`, undefined, bearer(0))).status, 503);
  await opened.post(`${HR}/dead-letters/discard`, { ids: 5 }, bearer(0));
  await opened.delete(HR, bearer(0));
  const { body } = await opened.get('/api/v1/audit', bearer(0));
  assert.deepEqual(
    body.entries.map(({ action, outcome, status }: Record<string, unknown>) => [action, outcome, status]),
    [
      ['forget', 'refused', 409],
      ['discard', 'refused', 400],
      ['pause', 'failed', 503],
    ],
  );
});

test('without keys deeds are anybody’s', async () => {
  const opened = openTestConsole();
  await opened.end('a', 1);
  await opened.post(`${HR}/pause`);
  const { body } = await opened.get('/api/v1/audit');
  assert.deepEqual([body.entries[0].who, body.entries[0].keyId], ['anybody', '']);
});
