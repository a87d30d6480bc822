/* Who has said `started` has looked at Redis: the first that is asked of it is answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { spawnService, startRedis } from '@sluice/testing';
import { redisEnv } from '../support/redis-env.ts';

const GRAPH = {
  GRAPH_TENANT_ID: '11111111-2222-4333-8444-555555555555',
  GRAPH_CLIENT_ID: '11111111-2222-4333-8444-555555555556',
  GRAPH_CLIENT_SECRET: 'any',
};

for (const service of ['intake', 'console']) {
  test(`the ${service} has started when Redis has answered, or has said that it did not in time`, async (t) => {
    const redis = await startRedis({ appendOnly: true });
    t.after(() => redis.stop());
    const started = await spawnService({ service, env: { ...GRAPH, ...redisEnv(redis) } });
    t.after(() => started.kill('SIGKILL'));
    const said = started.logs.map(({ msg }) => msg);
    const looked = said.findIndex(
      (msg) => msg === 'durability read' || msg.startsWith('Redis has not been reached yet'),
    );
    assert.ok(looked >= 0 && looked < said.indexOf('started'), said.join('\n'));
  });
}
