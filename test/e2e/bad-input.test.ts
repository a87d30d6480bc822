/*
  Everything that must not come in, sent to a real intake over a raw socket: each is refused as a problem with a stable code,
  nothing of it is stored, no hidden second request is answered, and the process goes on as before.
*/
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertProblem, attackIntake, BULK, ITEM, request, VALID } from '../support/attacked-intake.ts';

const { ask, assertNothingStored, exchange, expectStored } = attackIntake();

test('framing: what two servers could read in two ways is refused, and nothing behind it is answered', async () => {
  const behind = request({});
  const chunked = 'transfer-encoding: chunked';
  const chunk = `${VALID.length.toString(16)}\r\n${VALID}\r\n0\r\n\r\n`;
  const cases: Readonly<Record<string, Buffer>> = {
    'length and chunks': request({ headers: [chunked], body: chunk }),
    'chunks and length': request({ headers: ['content-length: 5', chunked], body: chunk, framed: false }),
    'two lengths': request({ headers: ['content-length: 5'] }),
    'the same length twice': request({ headers: [`content-length: ${VALID.length}`] }),
    'a list of lengths': request({ headers: ['content-length: 5, 5'], framed: false }),
    'a length with a sign': request({ headers: [`content-length: +${VALID.length}`], framed: false }),
    'a negative length': request({ headers: ['content-length: -1'], framed: false }),
    'a length in hexadecimal': request({ headers: ['content-length: 0x10'], framed: false }),
    'a length with a blank in it': request({ headers: ['content-length: 1 0'], framed: false }),
    'an endless length': request({ headers: [`content-length: ${'9'.repeat(40)}`], framed: false }),
    'an unknown coding': request({ headers: ['transfer-encoding: xchunked'], body: chunk, framed: false }),
    'chunked not last': request({ headers: ['transfer-encoding: chunked, gzip'], body: chunk, framed: false }),
    'chunked twice': request({ headers: [chunked, chunked], body: chunk, framed: false }),
    'a blank before the colon': request({ headers: ['transfer-encoding : chunked'], body: chunk }),
    'a folded header': request({ headers: ['x-a: b', ' c'] }),
    'a folded coding': request({ headers: ['transfer-encoding:', ' chunked'], body: chunk, framed: false }),
    'a chunk size that is none': request({ headers: [chunked], body: `zz\r\n${VALID}\r\n0\r\n\r\n`, framed: false }),
    'a chunk size with a sign': request({ headers: [chunked], body: `+5\r\nabcde\r\n0\r\n\r\n`, framed: false }),
    'a chunk size of 0x5': request({ headers: [chunked], body: `0x5\r\nabcde\r\n0\r\n\r\n`, framed: false }),
    'a chunk size beyond 64 bits': request({ headers: [chunked], body: `fffffffffffffffff\r\nab`, framed: false }),
    'a chunk longer than it says': request({ headers: [chunked], body: `2\r\n${VALID}\r\n0\r\n\r\n`, framed: false }),
    'a NUL in a header': request({ headers: ['x-a: b\0c'] }),
    'a bare CR in a header': request({ headers: ['x-a: b\rcontent-length: 0'] }),
    'a header without a name': request({ headers: [': b'] }),
    'a header without a colon': request({ headers: ['x-a'] }),
    'two hosts': request({ headers: ['host: evil.example'] }),
    'another host': Buffer.from(
      request({}).toString('latin1').replace('host: localhost', 'host: evil.example'),
      'latin1',
    ),
    'no host': Buffer.from(request({}).toString('latin1').replace('host: localhost\r\n', ''), 'latin1'),
    'a whole URL': request({ path: `http://evil.example${ITEM}` }),
    'a path without a slash': request({ path: 'v1/connections/hr1/activities' }),
    'a star': request({ path: '*', method: 'OPTIONS' }),
    'a blank in the path': request({ path: '/v1/connections/hr1/items/a 1/activities' }),
    'HTTP/1.2': Buffer.from(request({}).toString('latin1').replace('HTTP/1.1', 'HTTP/1.2'), 'latin1'),
    'HTTP/9.9': Buffer.from(request({}).toString('latin1').replace('HTTP/1.1', 'HTTP/9.9'), 'latin1'),
    'an unknown method': request({ method: 'FROB' }),
    'a method in small letters': request({ method: 'post' }),
    nonsense: Buffer.from('\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 hello\r\n\r\n', 'latin1'),
    'headers without end': Buffer.from(`GET / HTTP/1.1\r\nhost: localhost\r\nx: ${'a'.repeat(70_000)}\r\n\r\n`),
    'a thousand headers': request({ headers: Array.from({ length: 3000 }, (_, n) => `x-${n}: ${n}`) }),
    'a path without end': request({ path: `/v1/connections/${'a'.repeat(20_000)}/activities` }),
  };
  for (const [name, bytes] of Object.entries(cases)) {
    const { answers, closed } = await exchange(Buffer.concat([bytes, behind]), { answers: 2 }).catch(
      (error: unknown) => {
        throw new Error(name, { cause: error });
      },
    );
    const taken = answers.filter(({ status }) => status < 400);
    // A request that is refused, but whole, does not make its connection unusable: what is behind it is another request.
    const whole = /host|URL|star/.test(name);
    assert.ok(taken.length <= (whole ? 1 : 0), `${name}: ${answers.map(({ status }) => status)}`);
    assertProblem(answers[0], name);
    assert.ok(closed || whole, `${name}: the connection is closed`);
    expectStored(taken.length);
  }
  await assertNothingStored();
});

test('chunks are a body like any other, also with extensions and trailers; pipelined requests are answered in order', async () => {
  const sizes = [VALID.slice(0, 10), VALID.slice(10)].map(
    (part) => `${part.length.toString(16)};name="a;b"\r\n${part}\r\n`,
  );
  const chunks = `${sizes.join('')}0\r\nx-trailer: a\r\n\r\n`;
  const chunked = request({ headers: ['transfer-encoding: chunked'], body: chunks, framed: false });
  const bad = request({ body: '{' });
  const lost = request({ path: '/nowhere' });
  const { answers } = await exchange(Buffer.concat([chunked, request({}), lost, chunked, bad]), { answers: 5 });
  assert.deepEqual(
    answers.map(({ status }) => status),
    [202, 202, 404, 202, 400],
  );
  expectStored(3);
  await assertNothingStored();
});

test('ids that lead elsewhere are refused in the path and in the body, however they are written', async () => {
  const ids = [
    '..',
    '.',
    '%2e%2e',
    '%2E%2E',
    '%252e%252e',
    '..%2f..',
    '%2e%2e%2f',
    'a%2fb',
    'a%252fb',
    'a%5cb',
    'a%00',
    '%00',
    '%c0%ae%c0%ae',
    '%c0%af',
    '%e0%80%af',
    '%ef%bc%8e',
    '%ed%a0%80',
    '%ff',
    '%',
    '%zz',
    '%u002e',
    'a%0d%0aX:%20b',
    'a%09',
    'a%20b',
    'a;b',
    'a:b',
    'a@host',
    'a%40host',
    'a%3fb',
    'a%23b',
    '%7b',
    '$batch',
    "a'b",
    'a%22b',
    '%d0%b0dmin',
    'a'.repeat(129),
    'a'.repeat(2000),
    '__proto__%00',
    'a.b',
    '~',
    '*',
    '!',
    '(a)',
    '%F0%9F%98%80',
  ];
  for (const id of ids) {
    for (const path of [
      `/v1/connections/hr1/items/${id}/activities`,
      `/v1/connections/${id}/items/a1/activities`,
      `/v1/connections/${id}/activities`,
    ]) {
      const answer = await ask({ path, body: path.endsWith('a1/activities') ? VALID : `{"activities":[${VALID}]}` });
      assertProblem(answer, path);
    }
    const graph = await ask({
      path: `/v1.0/external/connections/hr1/items/${id}/addActivities`,
      body: `{"activities":[${VALID}]}`,
    });
    assert.ok(graph.status === 400 || graph.status === 501, `${id}: ${graph.status}`);
    assert.ok('error' in JSON.parse(graph.body), id);
  }
  const inBody = [
    ...ids.filter((id) => /^[ -~]+$/.test(id)),
    '../a',
    'a/b',
    'a\\b',
    'a?b',
    'a#b',
    'а',
    'ａ',
    '\ud800',
    'a\nb',
    '',
    ' ',
    5,
    null,
    {},
    ['a'],
  ];
  for (const itemId of inBody) {
    const body = JSON.stringify({ activities: [{ ...JSON.parse(VALID), itemId }] });
    const answer = await ask({ path: BULK, body });
    assertProblem(answer, body);
    const { rejected } = JSON.parse(answer.body) as { rejected: { code: string; pointer: string }[] };
    assert.deepEqual(
      [rejected[0]?.code.slice(0, 8), rejected[0]?.pointer],
      ['item_id_', '#/activities/0/itemId'],
      body,
    );
  }
  await assertNothingStored();
});

test('content types: JSON in UTF-8 and nothing else, so that no body comes in unchecked', async () => {
  const refused = [
    'text/plain',
    'text/plain; charset=utf-8',
    'application/jsonx',
    'application/json+x',
    'application/vnd.api+json',
    'text/json',
    'application/json\tx',
    'application/json, text/plain',
    'text/plain, application/json',
    'multipart/form-data; boundary=a',
    'application/x-www-form-urlencoded',
    'application/octet-stream',
    '*/*',
    'application/*',
    '',
    ' ',
    'json',
    'application',
    'application/json; charset=utf-16',
    'application/json; charset="utf-16"',
    'application/json;charset=iso-8859-1',
    'application/json; charset=us-ascii',
    'application/json; charset=utf-7',
    'application/json; charset=utf-8; charset=utf-16',
    'application/xml',
    'application/cbor',
    'application/problem+json',
  ];
  for (const type of refused) {
    const answer = await ask({ headers: [`content-type: ${type}`] });
    assert.equal(assertProblem(answer, type).replace('charset', 'media_type'), 'media_type_unsupported', type);
    assert.equal(answer.status, 415, type);
  }
  const lines = await ask({ headers: ['content-type: application/x-ndjson'] });
  assert.equal(lines.status, 415, 'lines are for the route of many items');
  const none = await exchange(Buffer.from(request({}).toString().replace('content-type: application/json\r\n', '')));
  assert.equal(none.answers[0]?.status, 415);
  for (const encoding of ['br', 'deflate', 'zstd', 'gzip, gzip', 'compress', 'x']) {
    assert.equal((await ask({ headers: [`content-encoding: ${encoding}`] })).status, 415, encoding);
  }
  await assertNothingStored();
  const taken = [
    'application/json',
    'APPLICATION/JSON',
    'application/json;charset=UTF-8',
    'application/json; charset="utf-8"',
    'application/json ; a=b',
  ];
  for (const type of taken) assert.equal((await ask({ headers: [`content-type: ${type}`] })).status, 202, type);
  expectStored(taken.length);
  await assertNothingStored();
});

test('methods: what a path does not take is 405 with Allow, HEAD is GET without its body, and a slash more is another path', async () => {
  for (const method of ['GET', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']) {
    const answer = await ask({ method, body: '{' });
    assert.deepEqual([answer.status, assertProblem(answer, method)], [405, 'method_not_allowed'], method);
    assert.equal(answer.headers['allow'], 'POST', method);
  }
  const live = await ask({ method: 'POST', path: '/health/live' });
  assert.deepEqual([live.status, live.headers['allow']], [405, 'GET, HEAD']);
  const head = await exchange(request({ method: 'HEAD', path: '/health/live', body: '' }), { halfClose: true });
  assert.match(head.raw, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
  for (const method of ['PROPFIND', 'TRACE', 'SEARCH', 'PURGE']) {
    const answer = await ask({ method, body: '' });
    assert.ok([404, 405].includes(answer.status), `${method}: ${answer.status}`);
    assertProblem(answer, method);
  }
  for (const path of [
    `${ITEM}/`,
    `/${ITEM}`,
    `/v1//connections/hr1/activities`,
    ITEM.toUpperCase(),
    `${ITEM}%2f`,
    '/V1/connections/hr1/activities',
  ]) {
    assert.equal(assertProblem(await ask({ path }), path), 'route_not_found', path);
  }
  await assertNothingStored();
  assert.equal((await ask({ path: `${ITEM}?a=b&__proto__[x]=1` })).status, 202, 'a query means nothing here');
  expectStored(1);
});

test('Expect: 100-continue is answered before the body comes; any other expectation is a problem', async () => {
  const head = request({
    headers: ['expect: 100-continue', `content-length: ${VALID.length}`],
    body: '',
    framed: false,
  });
  const { answers } = await exchange(head, {
    onSent: (socket) => socket.once('data', () => socket.write(VALID)),
  });
  assert.deepEqual(
    answers.map(({ status }) => status),
    [100, 202],
  );
  expectStored(1);
  const other = await ask({ headers: ['expect: a-cake'] });
  assert.deepEqual([other.status, assertProblem(other, 'expect')], [417, 'expectation_unknown']);
  await assertNothingStored();
});
