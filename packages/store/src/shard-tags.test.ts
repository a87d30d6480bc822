import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SHARD_TAGS, slotOf } from './shard-tags.ts';

test('a slot is what Redis says it is', () => {
  // Of the specification of Redis Cluster: CRC16("123456789") is 0x31C3.
  assert.equal(slotOf('123456789'), 0x31c3);
  assert.equal(slotOf('s0'), 11_097);
});

test('the first shard is the one that there was before there were more', () => {
  assert.equal(SHARD_TAGS[0], 's0');
  assert.equal(new Set(SHARD_TAGS).size, 64);
  for (const tag of SHARD_TAGS) assert.match(tag, /^s\d{1,3}$/);
});

test('any number of shards lies evenly on three servers, and on two, four or six', () => {
  for (const servers of [2, 3, 4, 6]) {
    for (let shards = servers; shards <= SHARD_TAGS.length; shards++) {
      const held = new Array<number>(servers).fill(0);
      for (const tag of SHARD_TAGS.slice(0, shards)) held[Math.floor((slotOf(tag) * servers) / 16_384)]!++;
      const apart = Math.max(...held) - Math.min(...held);
      assert.ok(apart <= 2, `${shards} on ${servers}: ${held.join(' ')}`);
    }
  }
});
