/*
  What Redis holds, its own tables included. Without what scripts left behind in Lua: newer servers count that as used, hundreds of
  KiB until it is collected, and it has nothing to do with how much is stored.
*/
import type { Redis } from 'ioredis';

export async function readUsedBytes(admin: Redis): Promise<number> {
  await admin.script('FLUSH', 'SYNC');
  return Number(/^used_memory:(\d+)/m.exec(await admin.info('memory'))?.[1]);
}
