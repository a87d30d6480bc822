/*
  sluice erase: a person is taken out of everything that is kept. The console does it; here it is asked, followed, and asked again
  when it was restarted in the middle, which loses nothing.
*/
import { setTimeout as sleep } from 'node:timers/promises';
import { openProgressBar, type ProgressBar } from '../producer/progress-bar.ts';
import { watchStopSignals } from '../start/stop-signals.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, type World } from '../world.ts';
import { type Answer, type Console, openConsole, refused } from './ask-console.ts';
import { CommandFailed, tellFailure } from './command-failed.ts';
import { readOptions, refuseUsage } from './read-options.ts';

export const ERASE_HELP = `sluice erase PERFORMER [--json]

Takes a performer (performedBy.id) out of everything that Sluice keeps, on every connection: what waits for delivery, dead letters,
parked entries, and their lines in receipts. Says how many were where. A GUID is met in upper and lower case. What is in a call to
Graph is waited for. Safe to ask twice, and to interrupt: ask again. Exit code 1 when something of it may be left.

What Graph has been given stays there, and what is sent later is delivered: stop the source first. Needs a key with the scope operate
for every connection (SLUICE_CONSOLE_URL, SLUICE_API_KEY).
`;

interface Erasure {
  readonly erasureId: string;
  readonly state: 'running' | 'finished' | 'unfinished' | 'failed';
  readonly connections: number;
  readonly connectionsDone: number;
  readonly erased: { readonly pending: number; readonly dead: number; readonly parked: number };
  readonly inFlight: number;
}

const LOOK_AGAIN_MS = 500;
/** Times in a row that the console does not answer, or no longer knows of it: a restart takes seconds. */
const ASKED_AGAIN_MAX = 20;
const ASK_AGAIN_MS = 1000;

export function runErase(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions('erase', args, { json: { type: 'boolean' } });
    const [performer, ...others] = words.operands;
    if (performer === undefined || performer === '' || others.length > 0)
      throw refuseUsage('erase takes one performer.', 'erase');
    const signals = watchStopSignals({ onSecond: world.exit, underNpm: false });
    const bar = openProgressBar(world.err, 'erase', 100);
    try {
      const erasure = await follow({ console: openConsole(world), performer, bar, stop: signals.requested });
      bar.stop();
      world.out.write(words.flag('json') ? `${JSON.stringify(erasure)}\n` : tell(erasure));
      if (erasure.state === 'running') {
        world.err.write('Stopped looking; the console goes on with it.\n');
        return EXIT_INTERRUPTED;
      }
      return erasure.state === 'finished' ? 0 : EXIT_FAILED;
    } finally {
      bar.stop();
      signals.dispose();
    }
  });
}

interface Followed {
  readonly console: Console;
  readonly performer: string;
  readonly bar: ProgressBar;
  readonly stop: AbortSignal;
}

async function follow({ console, performer, bar, stop }: Followed): Promise<Erasure> {
  const begin = () => console.remove(`/api/v1/performers/${encodeURIComponent(performer)}`);
  let erasure = erasureOf(await begin());
  let asked = 0;
  while (erasure.state === 'running' && !stop.aborted) {
    await sleep(LOOK_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined);
    const { connections, connectionsDone, erased, inFlight } = erasure;
    const sum = erased.pending + erased.dead + erased.parked;
    const note = `${sum} erased, ${connectionsDone} of ${connections} connections${inFlight > 0 ? `, ${inFlight} in flight` : ''}`;
    bar.update(connections === 0 ? 0 : (100 * connectionsDone) / connections, note);
    try {
      erasure = erasureOf(await console.ask(`/api/v1/erasures/${erasure.erasureId}`));
      // Nothing was left in calls, so it was its console that stopped.
      if (erasure.state === 'unfinished' && erasure.inFlight === 0 && ++asked <= ASKED_AGAIN_MAX)
        erasure = erasureOf(await begin());
      else asked = 0;
    } catch (error) {
      if (!(error instanceof CommandFailed) || ++asked > ASKED_AGAIN_MAX) throw error;
      await sleep(ASK_AGAIN_MS, undefined, { signal: stop }).catch(() => undefined);
      erasure = await begin().then(erasureOf, () => erasure);
    }
  }
  return erasure;
}

function erasureOf(answer: Answer): Erasure {
  if (answer.status === 503) throw refused('the console', answer);
  return answer.body as unknown as Erasure;
}

function tell({ state, erased, inFlight, connections, connectionsDone }: Erasure): string {
  const { pending, dead, parked } = erased;
  const sum = `Erased: ${pending} pending, ${dead} dead, ${parked} parked, on ${connectionsDone} of ${connections} connections.\n`;
  if (state === 'finished') return `${sum}Nothing of this performer is kept any more.\n`;
  const flying = inFlight > 0 ? `${inFlight} are in calls that have not ended. ` : '';
  return `${sum}${flying}Not everything was looked through: ask again.\n`;
}
