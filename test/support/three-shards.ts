/* Three tenants, each in a shard of its own of three, as the configuration file says them. */
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { SystemOptions } from './start-system.ts';

/** By connection; names that lie in the first, the second and the third of three shards. */
const TENANT_OF: Readonly<Record<string, string>> = { hrFirst: 'tenant-2', hrSecond: 'tenant-7', hrThird: 'tenant-3' };
const TENANT_ID = '11111111-2222-4333-8444-0000000000c0';

export const SHARDED_CONNECTIONS = Object.keys(TENANT_OF);

export const THREE_SHARDS: Pick<SystemOptions, 'shards' | 'configFile'> = {
  shards: { count: 3, tenantOf: (connectionId) => TENANT_OF[connectionId] ?? null },
  configFile: async (emulatorUrl, folder) => {
    await writeFile(join(folder, 'secret'), 'a secret\n');
    const tenantOf = (connectionId: string) => ({
      tenantId: TENANT_ID,
      clientId: randomUUID(),
      clientSecretFile: 'secret',
      tokenUrl: `${emulatorUrl}/${TENANT_ID}/oauth2/v2.0/token`,
      connections: { [connectionId]: {} },
    });
    return { tenants: Object.fromEntries(SHARDED_CONNECTIONS.map((id) => [TENANT_OF[id]!, tenantOf(id)])) };
  },
};
