/* sluice item: one item, and why its activities are not in Graph yet. */

import { inert } from '../inert.ts';
import type { World } from '../world.ts';
import { openConsole } from './ask-console.ts';
import { tellFailure } from './command-failed.ts';
import { readOptions, refuseUsage } from './read-options.ts';

export const ITEM_HELP = `sluice item CONNECTION ITEM [--json]

One item: what of it waits, is in a call or tried again later, its last call to Graph, its dead letters, and why it is not there
yet. Asks the console (SLUICE_CONSOLE_URL, SLUICE_API_KEY).
`;

interface Item {
  readonly itemId: string;
  readonly connectionId: string;
  readonly pending: number;
  readonly waiting: number;
  readonly inFlight: number;
  readonly retrying: number;
  readonly nextTryAt: string | null;
  readonly lastCall: {
    readonly at: string;
    readonly status: number | string;
    readonly requestId: string | null;
    readonly delivered: number;
  } | null;
  readonly dead: number;
  readonly parked: number;
  readonly deadLettersMore: boolean;
  readonly explanation: readonly string[];
}

export function runItem(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions('item', args, { json: { type: 'boolean' } });
    const [connection, item, ...others] = words.operands;
    if (connection === undefined || item === undefined || others.length > 0) {
      throw refuseUsage('item takes a connection and an item.', 'item');
    }
    const path = `/api/v1/connections/${encodeURIComponent(connection)}/items/${encodeURIComponent(item)}`;
    const body = await openConsole(world).get(path);
    world.out.write(words.flag('json') ? `${JSON.stringify(body)}\n` : inert(describe(body as unknown as Item)));
    return 0;
  });
}

function describe(item: Item): string {
  const { itemId, connectionId, pending, waiting, inFlight, retrying, nextTryAt, lastCall } = item;
  const more = item.deadLettersMore ? ' or more' : '';
  return `${[
    `${itemId} of ${connectionId}: ${pending} pending (${waiting} waiting, ${inFlight} in a call, ${retrying} to be tried again), ${item.dead} dead${more}, ${item.parked} parked${more}.`,
    ...(nextTryAt === null ? [] : [`Next try: ${nextTryAt}.`]),
    ...(lastCall === null
      ? []
      : [
          `Last call: ${lastCall.at}, answered ${lastCall.status}, delivered ${lastCall.delivered}, Graph request-id ${lastCall.requestId ?? 'none'}.`,
        ]),
    ...item.explanation,
  ].join('\n')}\n`;
}
