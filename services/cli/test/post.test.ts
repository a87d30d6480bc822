/* post, import, receipt: what is read and sent, what is said of it, and the exit codes. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import test from 'node:test';
import { type Posted, takeValid, withFakeIntake } from './support/fake-intake.ts';

const VIEWED = {
  itemId: 'a1',
  type: 'viewed',
  startDateTime: '2026-01-31T13:45:00Z',
  performedBy: { type: 'user', id: 'u' },
};
const POST = ['--connection', 'hr1'];
const lines = (...values: readonly unknown[]) => values.map((value) => `${JSON.stringify(value)}\n`).join('');
const sent = (posted: readonly Posted[]) => posted.flatMap(({ activities }) => activities);

test('lines are posted in bulk, each with an id, and the sum is said', () =>
  withFakeIntake(takeValid, async ({ sluice, posted, write }) => {
    write('a.ndjson', `\uFEFF${lines(VIEWED).trimEnd()}\r\n\n${lines({ ...VIEWED, id: 'mine' }, VIEWED).trimEnd()}`);
    const ran = await sluice(['post', 'a.ndjson', ...POST]);
    assert.deepEqual([ran.code, ran.err], [0, '']);
    // On a slow machine the lines may go in more than one request.
    assert.match(ran.out, /^Connection hr1: 3 accepted, 0 accepted before, 0 rejected\. (?:R|First r)eceipt r1\.\n$/);
    assert.deepEqual([posted[0]?.path, posted[0]?.authorization], ['/v1/connections/hr1/activities', 'Bearer key-1']);
    const ids = sent(posted).map(({ id }) => String(id));
    assert.equal(ids[1], 'mine');
    assert.equal(new Set(ids).size, 3);
    assert.deepEqual(sent(posted)[0], { ...VIEWED, id: ids[0] });
  }));

test('a list, an object with activities, one activity, and what is piped in', () =>
  withFakeIntake(takeValid, async ({ sluice, posted, write }) => {
    write('list.json', JSON.stringify([VIEWED, VIEWED], null, 2));
    write('body.json', JSON.stringify({ activities: [VIEWED, VIEWED, VIEWED] }));
    write('one.json', JSON.stringify(VIEWED, null, 2));
    for (const file of ['list.json', 'body.json', 'one.json'])
      assert.equal((await sluice(['post', file, ...POST])).code, 0);
    assert.equal((await sluice(['post', '-', ...POST], { input: lines(VIEWED, VIEWED) })).code, 0);
    assert.equal((await sluice(['post', '-', ...POST], { input: '' })).code, 0);
    assert.equal(sent(posted).length, 2 + 3 + 1 + 2);
  }));

test('what is rejected is named by line, the rest is in, and the exit code is 1', () =>
  withFakeIntake(takeValid, async ({ sluice, write }) => {
    const { itemId: _itemId, ...noItem } = VIEWED;
    write('a.ndjson', `${lines(VIEWED, { ...VIEWED, type: 'view' })}{"broken\n${lines({ item: 'a1', ...noItem }, 5)}`);
    const ran = await sluice(['post', 'a.ndjson', ...POST]);
    assert.equal(ran.code, 1);
    assert.match(ran.out, /1 accepted, 0 accepted before, 4 rejected/);
    assert.match(ran.err, /^line 2: type_unknown at #\/type: type must be one of viewed\.$/m);
    assert.match(ran.err, /^line 3: line_not_json: /m);
    assert.match(ran.err, /^line 4: member_unknown at #\/item: .*Did you mean "itemId"\?$/m);
    assert.match(ran.err, /^line 5: activity_not_object: /m);
    const { out } = await sluice(['post', 'a.ndjson', ...POST, '--json']);
    const { rejected, ...sum } = JSON.parse(out);
    assert.deepEqual([sum.accepted, sum.rejectedTotal, sum.receiptIds], [1, 4, ['r1']]);
    const byPlace = rejected.toSorted((a: { place: string }, b: { place: string }) => (a.place < b.place ? -1 : 1));
    assert.deepEqual(byPlace[0], {
      place: 'line 2',
      pointer: '#/type',
      code: 'type_unknown',
      message: 'type must be one of viewed.',
    });
  }));

test('under the same key the same lines have the same ids, other lines others', () =>
  withFakeIntake(takeValid, async ({ sluice, posted, write }) => {
    write('a.ndjson', lines(VIEWED, VIEWED));
    await sluice(['post', 'a.ndjson', ...POST, '--key', 'part-7']);
    await sluice(['post', 'a.ndjson', ...POST, '--key', 'part-7']);
    write('a.ndjson', lines({ ...VIEWED, type: 'created' }, VIEWED));
    await sluice(['post', 'a.ndjson', ...POST, '--key', 'part-7']);
    const [a1, a2, b1, b2, c1, c2] = sent(posted).map(({ id }) => id);
    assert.deepEqual([a1, a2, c2], [b1, b2, a2]);
    assert.notEqual(a1, a2);
    assert.notEqual(c1, a1);
  }));

test('an item for those that name none', () =>
  withFakeIntake(takeValid, async ({ sluice, posted, write }) => {
    const { itemId: _itemId, ...noItem } = VIEWED;
    write('a.ndjson', lines(noItem, VIEWED));
    await sluice(['post', 'a.ndjson', ...POST, '--item', 'other']);
    assert.deepEqual(
      sent(posted).map(({ itemId }) => itemId),
      ['other', 'a1'],
    );
  }));

test('what refuses everything ends it, says why, and how to go on', () =>
  withFakeIntake(
    () => ({ status: 403, body: { code: 'connection_not_allowed', detail: 'The key may not write there.' } }),
    async ({ sluice, write, posted }) => {
      write('a.ndjson', lines(...Array.from({ length: 20_000 }, () => VIEWED)));
      const ran = await sluice(['post', 'a.ndjson', ...POST, '--key', 'k7']);
      assert.equal(ran.code, 1);
      assert.match(ran.err, /broke off: connection_not_allowed: The key may not write there\./);
      assert.match(ran.err, /sluice post a\.ndjson --connection hr1 --key k7/);
      assert.ok(posted.length <= 10, `${posted.length} requests`);
    },
  ));

test('Ctrl-C stops it with 130, also while nothing is piped in, and says how to go on', () =>
  withFakeIntake(takeValid, async ({ sluice, posted }) => {
    const ran = await sluice(['post', '-', ...POST, '--key', 'k7'], {
      input: lines(VIEWED),
      interrupt: () => posted.length > 0,
    });
    assert.equal(ran.code, 130, ran.err);
    assert.match(ran.out, /1 accepted/);
    assert.match(ran.err, /Stopped[\s\S]*--key k7/);
  }));

test('mistakes are told with what was meant: usage 2, what is not there 1, settings 78', () =>
  withFakeIntake(takeValid, async ({ sluice, write, posted }) => {
    write('views.ndjson', lines(VIEWED));
    const cases: [readonly string[], number, RegExp, NodeJS.ProcessEnv?][] = [
      [['post'], 2, /post takes one file, or -/],
      [['post', 'views.ndjson'], 2, /--connection is missing/],
      [['post', 'views.ndjson', '--connection', 'a b'], 2, /--connection is "a b".*3 to 32 letters and digits/],
      [['post', 'views.ndjson', '--conection', 'hr1'], 2, /Did you mean --connection\?/],
      [['post', 'view.ndjson', ...POST], 1, /There is no file view\.ndjson\. Did you mean views\.ndjson\?/],
      [['post', '.', ...POST], 1, /is a folder/],
      [['pots', 'views.ndjson'], 2, /Did you mean `sluice post`\?/],
      [['post', 'views.ndjson', ...POST], 78, /SLUICE_URL is "localhost:1"/, { SLUICE_URL: 'localhost:1' }],
      [
        ['post', 'views.ndjson', ...POST],
        1,
        /does not answer \(ECONNREFUSED\).*SLUICE_URL/,
        { SLUICE_URL: await nobody() },
      ],
      [['import', 'gti', '.'], 2, /Did you mean git\?/],
      [['import', 'git'], 2, /import git takes one path/],
      [['import', 'git', '.'], 1, /not a git repository/],
      [['receipt'], 2, /receipt takes one id/],
    ];
    for (const [args, code, said, env] of cases) {
      const ran = await sluice(args, { env: env ?? {} });
      assert.deepEqual([args.join(' '), ran.code, ran.out], [args.join(' '), code, '']);
      assert.match(ran.err, said);
    }
    write('broken.json', '{"activities": [');
    const broken = await sluice(['post', 'broken.json', ...POST]);
    assert.equal(broken.code, 1);
    assert.match(broken.err, /neither JSON nor NDJSON/);
    assert.equal(posted.length, 0);
  }));

test('the history of a repository, again without anything twice, and followed to its end', () =>
  withFakeIntake(
    (posted) =>
      posted.method === 'GET' ? { body: { final: true, counts: { delivered: 1, dead: 1 } } } : takeValid(posted),
    async ({ sluice, posted, folder, write }) => {
      const git = (...args: string[]) =>
        execFileSync('git', ['-c', 'user.name=Ada', '-c', 'user.email=ada@example.org', ...args], { cwd: folder });
      git('init', '-q', '-b', 'main');
      write('a', '1');
      write('b', '1');
      git('add', '.');
      git('commit', '-qm', 'one');
      const first = await sluice(['import', 'git', '.', '--connection', 'code1']);
      assert.deepEqual([first.code, first.err], [0, '']);
      assert.match(first.out, /Connection code1: 2 accepted/);
      const again = await sluice(['import', 'git', '.', '--connection', 'code1', '--follow', '--json']);
      // One of them came to nothing.
      assert.equal(again.code, 1);
      const { accepted, delivered, dead, commits } = JSON.parse(again.out);
      assert.deepEqual([accepted, delivered, dead, commits], [2, 1, 1, 1]);
      const ids = sent(posted).map(({ id }) => id);
      assert.deepEqual(ids.slice(0, 2), ids.slice(2));
    },
  ));

/** Where nobody listens. */
async function nobody(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return `http://127.0.0.1:${port}`;
}

const RECEIPT = {
  receiptId: 's0AAAAAAAAAAAA',
  connectionId: 'hr1',
  acceptedAt: '2026-01-31T13:45:00.000Z',
  final: false,
  counts: { pending: 3, inFlight: 0, delivered: 14, dead: 1, rejected: 1 },
  waitingFor: [
    { reason: 'quota', entries: 3, until: '2026-01-31T13:46:00.000Z', detail: 'Graph asked for no calls until then.' },
  ],
  entries: [
    { index: 4, state: 'dead', itemId: 'a1', code: 'invalidRequest', message: 'No.', requestId: 'q-1', attempts: 2 },
    {
      index: 5,
      state: 'rejected',
      itemId: null,
      code: 'type_unknown',
      message: 'Bad.',
      requestId: null,
      attempts: 0,
      pointer: '#/activities/5/type',
    },
  ],
  entriesTotal: 2,
};

test('a receipt in words: where they are, why they wait, which were refused', () =>
  withFakeIntake(
    ({ path }) =>
      path.endsWith('AAA')
        ? { body: RECEIPT }
        : { status: 404, body: { code: 'receipt_expired', detail: 'There is no receipt.' } },
    async ({ sluice, posted }) => {
      const { code, out } = await sluice(['receipt', '/v1/receipts/s0AAAAAAAAAAAA']);
      assert.equal(code, 0);
      assert.match(out, /^Receipt s0A+: accepted 2026-01-31T13:45:00\.000Z for connection hr1; not final yet\.$/m);
      assert.match(out, /^ {3}3 waiting\n {2}14 delivered\n {3}1 dead letters\n/m);
      assert.match(out, /^Why they wait: 3 for quota, until 2026-01-31T13:46:00\.000Z\. Graph asked/m);
      assert.match(out, /^4 +dead +a1 +invalidRequest +2 +q-1 +No\.$/m);
      assert.match(out, /^5 +rejected +- +type_unknown +0 +- +#\/activities\/5\/type: Bad\.$/m);
      assert.equal(posted[0]?.authorization, 'Bearer key-1');
      assert.deepEqual(JSON.parse((await sluice(['receipt', 's0AAAAAAAAAAAA', '--json'])).out), RECEIPT);
      const gone = await sluice(['receipt', 'gone']);
      assert.deepEqual([gone.code, gone.out], [1, '']);
      assert.match(gone.err, /There is no receipt\. \(404 receipt_expired/);
    },
  ));
