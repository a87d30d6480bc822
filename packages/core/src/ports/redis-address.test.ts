import assert from 'node:assert/strict';
import test from 'node:test';
import { parseRedisAddress } from './redis-address.ts';

const ONE = { kind: 'server', tls: false, username: null, password: null, database: 0, name: '' };

test('one server, with what it may carry', () => {
  assert.deepEqual(parseRedisAddress('redis://localhost'), { ...ONE, hosts: [{ host: 'localhost', port: 6379 }] });
  assert.deepEqual(parseRedisAddress('rediss://u%40x:p%3Aw:x@[::1]:7000/3'), {
    ...ONE,
    tls: true,
    username: 'u@x',
    password: 'p:w:x',
    hosts: [{ host: '::1', port: 7000 }],
    database: 3,
  });
  assert.deepEqual(parseRedisAddress('redis://:secret@h:1/')?.password, 'secret');
});

test('a server that Sentinels name, and a cluster', () => {
  assert.deepEqual(parseRedisAddress('redis+sentinel://user:pass@h1:26379,h2/mymaster'), {
    ...ONE,
    kind: 'sentinel',
    username: 'user',
    password: 'pass',
    hosts: [
      { host: 'h1', port: 26379 },
      { host: 'h2', port: 26379 },
    ],
    name: 'mymaster',
  });
  const cluster = parseRedisAddress('rediss+cluster://h1,h2:7001,h3');
  assert.deepEqual(
    [cluster?.kind, cluster?.tls, cluster?.hosts.map(({ port }) => port)],
    ['cluster', true, [6379, 7001, 6379]],
  );
});

test('everything else is none', () => {
  for (const text of [
    '',
    'localhost:6379',
    'http://localhost',
    'redis://',
    'redis://a,b',
    'redis://h:0',
    'redis://h:65536',
    'redis://h/one',
    'redis://h?x=1',
    'redis://%zz@h',
    'redis+sentinel://h1,h2',
    'redis+sentinel://h1/',
    'redis+cluster://h1/2',
    'redis+cluster://h1,,h2',
    'redis+other://h',
  ]) {
    assert.equal(parseRedisAddress(text), null, text);
  }
});
