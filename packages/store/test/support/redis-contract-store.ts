/* The Redis store with a clock that a test moves: the piece that reads Redis's time reads a key instead. */
import { CLOCK_START_MS, type ContractStore } from '@sluice/testing';
import { openRedisStore, shardBase } from '../../src/index.ts';

const CLOCK_KEY = `${shardBase()}test-clock`;
const TEST_CLOCK = `
local function clock()
  local us = tonumber(redis.call('GET', '${CLOCK_KEY}'))
  return us, math.floor(us / 1000)
end`;

export async function makeRedisContractStore(url: string): Promise<ContractStore> {
  const store = openRedisStore({ url, role: 'worker', onError: () => {}, clock: TEST_CLOCK });
  await store.redis.flushall();
  let ms = CLOCK_START_MS;
  const set = () => store.redis.set(CLOCK_KEY, ms * 1000);
  await set();
  return {
    store,
    advance: async (by) => {
      ms += by;
      await set();
    },
    dispose: store.close,
  };
}
