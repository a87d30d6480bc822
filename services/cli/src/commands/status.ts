/* sluice status: the connections in a table, once or for as long as somebody looks. */

import { inert } from '../inert.ts';
import type { World } from '../world.ts';
import { openConsole } from './ask-console.ts';
import { tellFailure } from './command-failed.ts';
import { readOptions, refuseUsage } from './read-options.ts';
import { type ConnectionStatus, tableOf, troubleOf } from './status-table.ts';
import { watchStatus } from './watch-status.ts';

export const STATUS_HELP = `sluice status [--watch] [--json]

The connections: state in words, backlog, rates, quota, dead letters, time to drain; what is stuck comes first. Asks the console
(SLUICE_CONSOLE_URL, SLUICE_API_KEY).

  --watch   a page that is drawn again every second, with what to do about what is stuck; Ctrl-C ends it
  --json    what the console answers; with --watch a line each second
`;

export function runStatus(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions('status', args, { json: { type: 'boolean' }, watch: { type: 'boolean' } });
    if (words.operands.length > 0) throw refuseUsage('status takes no operands.', 'status');
    if (words.flag('watch')) return watchStatus(world, words.flag('json'));
    const body = await openConsole(world).get('/api/v1/connections');
    const connections = (body['connections'] ?? []) as readonly ConnectionStatus[];
    if (words.flag('json')) world.out.write(`${JSON.stringify(body)}\n`);
    else if (connections.length === 0) world.out.write('There are no connections yet: nothing was accepted.\n');
    else
      world.out.write(
        inert(`${[...troubleOf(connections, Date.now()), ...tableOf(connections, Date.now())].join('\n')}\n`),
      );
    return 0;
  });
}
