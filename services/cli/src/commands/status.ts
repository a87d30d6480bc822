/* sluice status: the connections in a table. */
import type { World } from '../world.ts';
import { openConsole } from './ask-console.ts';
import { tellFailure } from './command-failed.ts';
import { formatTable } from './format-table.ts';
import { readOptions, refuseUsage } from './read-options.ts';

export const STATUS_HELP = `sluice status [--json]

The connections: state, backlog, rates, quota, dead letters, time to drain. Asks the console (SLUICE_CONSOLE_URL).
`;

interface Connection {
  readonly connectionId: string;
  readonly state: string;
  readonly pending: number;
  readonly oldestPendingAt: string | null;
  readonly rates: { readonly appendedPerSecond: number; readonly deliveredPerSecond: number } | null;
  readonly quota: { readonly callsPerSecond: number } | null;
  readonly deadLetters: number;
  readonly parkedEntries: number;
  readonly timeToDrain: string;
}

const HEAD = ['CONNECTION', 'STATE', 'PENDING', 'OLDEST', 'IN/S', 'OUT/S', 'QUOTA/S', 'DEAD', 'PARKED', 'DRAINED IN'];

export function runStatus(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions('status', args, { json: { type: 'boolean' } });
    if (words.operands.length > 0) throw refuseUsage('status takes no operands.', 'status');
    const body = await openConsole(world).get('/api/v1/connections');
    if (words.flag('json')) world.out.write(`${JSON.stringify(body)}\n`);
    else world.out.write(describe((body['connections'] ?? []) as readonly Connection[]));
    return 0;
  });
}

function describe(connections: readonly Connection[]): string {
  if (connections.length === 0) return 'There are no connections yet: nothing was accepted.\n';
  const rows = connections.map((one) => [
    one.connectionId,
    one.state,
    String(one.pending),
    one.oldestPendingAt ?? '-',
    one.rates === null ? '-' : String(one.rates.appendedPerSecond),
    one.rates === null ? '-' : String(one.rates.deliveredPerSecond),
    one.quota === null ? '-' : String(one.quota.callsPerSecond),
    String(one.deadLetters),
    String(one.parkedEntries),
    one.timeToDrain,
  ]);
  return formatTable(HEAD, rows);
}
