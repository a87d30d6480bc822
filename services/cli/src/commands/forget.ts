/* sluice forget: a connection that nobody needs any more leaves every list. */
import { pause } from '../pause.ts';
import { watchStopSignals } from '../start/stop-signals.ts';
import { EXIT_INTERRUPTED, type World } from '../world.ts';
import { openConsole, refused } from './ask-console.ts';
import { tellFailure } from './command-failed.ts';
import { readOptions, refuseUsage } from './read-options.ts';

export const FORGET_HELP = `sluice forget CONNECTION [--discard-pending] [--json]

Takes a connection that holds nothing out of every list: a name that was misspelt, or one that Graph no longer has. The next
activity for it makes it anew. Dead letters and parked entries have to be replayed or discarded before (sluice dead).

  --discard-pending   what waits is discarded first, for good; only while the connection is paused or held
`;

const AGAIN_MS = 1000;

export function runForget(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions('forget', args, { json: { type: 'boolean' }, 'discard-pending': { type: 'boolean' } });
    const [connection, ...others] = words.operands;
    if (connection === undefined || others.length > 0) throw refuseUsage('forget takes one connection.', 'forget');
    const path = `/api/v1/connections/${encodeURIComponent(connection)}`;
    const query = words.flag('discard-pending') ? '?pending=discard' : '';
    const signals = watchStopSignals({ onSecond: world.exit, underNpm: false });
    let discarded = 0;
    try {
      for (;;) {
        const answer = await openConsole(world).remove(`${path}${query}`);
        if (answer.status === 503) throw refused('the console', answer);
        const { body } = answer;
        discarded += Number(body['discarded'] ?? 0);
        if (body['forgotten'] === true) {
          const said =
            discarded === 0 ? '' : ` ${discarded} that waited ${discarded === 1 ? 'was' : 'were'} discarded.`;
          world.out.write(
            words.flag('json') ? `${JSON.stringify({ ...body, discarded })}\n` : `${connection} is forgotten.${said}\n`,
          );
          return 0;
        }
        if (world.err.isTTY === true) world.err.write(`${discarded} discarded, ${body['pending']} left ...\n`);
        if (Number(body['discarded'] ?? 0) === 0) await pause(AGAIN_MS, signals.requested);
        if (signals.requested.aborted) return EXIT_INTERRUPTED;
      }
    } finally {
      signals.dispose();
    }
  });
}
