/* How much memory Redis has left. */
import type { Redis } from 'ioredis';

export interface MemoryUse {
  /** Bytes that count against the limit. */
  readonly usedBytes: number;
  /** 0: none. */
  readonly bytesMax: number;
}

/** Of the fullest of these servers. */
export async function readMemory(servers: readonly Redis[]): Promise<MemoryUse> {
  const uses = await Promise.all([...new Set(servers)].map(async (server) => useOf(await server.info('memory'))));
  const share = ({ usedBytes, bytesMax }: MemoryUse) => (bytesMax === 0 ? 0 : usedBytes / bytesMax);
  return uses.reduce((fullest, one) => (share(one) > share(fullest) ? one : fullest));
}

/** What Redis does not hold against its limit (buffers of replicas and of the append-only file) does not count here either. */
function useOf(info: string): MemoryUse {
  const number = (name: string) => Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? 0);
  return { usedBytes: number('used_memory') - number('mem_not_counted_for_evict'), bytesMax: number('maxmemory') };
}
