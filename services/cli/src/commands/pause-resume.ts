/* sluice pause and sluice resume. */

import { inert } from '../inert.ts';
import type { World } from '../world.ts';
import { openConsole, refused } from './ask-console.ts';
import { tellFailure } from './command-failed.ts';
import { readOptions, refuseUsage } from './read-options.ts';

export const PAUSE_HELP = `sluice pause CONNECTION [--json]

Stops deliveries of a connection until it is resumed. Activities are still accepted and kept.
`;

export const RESUME_HELP = `sluice resume CONNECTION [--json]

Lets a connection go on: ends a pause, and also a hold or an open breaker, and tries at once.
`;

export function runPause(args: readonly string[], world: World): Promise<number> {
  return change('pause', args, world);
}

export function runResume(args: readonly string[], world: World): Promise<number> {
  return change('resume', args, world);
}

function change(action: 'pause' | 'resume', args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions(action, args, { json: { type: 'boolean' } });
    const [connection, ...others] = words.operands;
    if (connection === undefined || others.length > 0) throw refuseUsage(`${action} takes one connection.`, action);
    const path = `/api/v1/connections/${encodeURIComponent(connection)}/${action}`;
    const answer = await openConsole(world).ask(path, null);
    if (answer.status === 503) throw refused('the console', answer);
    const { connectionId, stateText } = answer.body;
    const text = words.flag('json') ? JSON.stringify(answer.body) : `${connectionId}: ${stateText}.`;
    world.out.write(inert(`${text}\n`));
    return 0;
  });
}
