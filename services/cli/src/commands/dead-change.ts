/*
  sluice dead replay and discard: request after request until nothing is left, with progress. A full backlog is waited for,
  because it empties at the pace of the quota; a console that stays away ends the command, and asking again goes on.
*/
import { setTimeout as sleep } from 'node:timers/promises';
import { openProgressBar, type ProgressBar } from '../producer/progress-bar.ts';
import { watchStopSignals } from '../start/stop-signals.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, type World } from '../world.ts';
import { type Answer, type Console, openConsole, refused } from './ask-console.ts';
import { CommandFailed } from './command-failed.ts';
import { type DeadWords, lettersPath, readDeadWords } from './dead-choice.ts';
import { refuseUsage } from './read-options.ts';

type Action = 'replay' | 'discard';

interface Sum {
  done: number;
}

const IDS_A_REQUEST = 10_000;
/** Answers in a row that say "later", each with its own wait: ten minutes of a full backlog. */
const LATER_MAX = 60;

export async function changeDead(action: Action, args: readonly string[], world: World): Promise<number> {
  const read = readDeadWords(action, args, { all: { type: 'boolean' } });
  assertMeant(action, read);
  const console = openConsole(world);
  const total = await countKept(console, read);
  const bar = openProgressBar(world.err, `${action} ${read.connection}`, Math.max(1, total));
  const signals = watchStopSignals({ onSecond: world.exit, underNpm: false });
  const sum: Sum = { done: 0 };
  try {
    await changeAll({ console, action, read, bar, sum, stop: signals.requested });
  } catch (error) {
    if (!(error instanceof CommandFailed) || sum.done === 0) throw error;
    throw new CommandFailed(
      `${error.message}\n${told(action, sum)} before that; the same command goes on.`,
      error.exitCode,
    );
  } finally {
    bar.stop();
    signals.dispose();
  }
  world.out.write(read.words.flag('json') ? `${JSON.stringify(sum)}\n` : `${told(action, sum)}.\n`);
  if (signals.requested.aborted) {
    world.err.write('Stopped; the same command goes on.\n');
    return EXIT_INTERRUPTED;
  }
  const missing = read.ids.length === 0 ? 0 : new Set(read.ids).size - sum.done;
  if (missing === 0) return 0;
  world.err.write(`${missing} of the ids ${missing === 1 ? 'is' : 'are'} not there any more.\n`);
  return EXIT_FAILED;
}

function assertMeant(action: Action, { ids, filter, words }: DeadWords): void {
  const ways = [ids.length > 0, Object.keys(filter).length > 0, words.flag('all')].filter(Boolean).length;
  if (ways === 1) return;
  const text =
    ways === 0 ? `dead ${action} takes ids, a filter or --all.` : 'Ids, a filter and --all exclude each other.';
  throw refuseUsage(text, 'dead');
}

/** What can be changed at most: how many of them a filter passes is known only when they have been looked at. */
async function countKept(console: Console, { connection, ids, filter }: DeadWords): Promise<number> {
  if (ids.length > 0) return ids.length;
  const view = await console.get(`/api/v1/connections/${encodeURIComponent(connection)}`);
  const [dead, parked] = [Number(view['deadLetters'] ?? 0), Number(view['parkedEntries'] ?? 0)];
  return filter['state'] === 'dead' ? dead : filter['state'] === 'parked' ? parked : dead + parked;
}

interface Run {
  readonly console: Console;
  readonly action: Action;
  readonly read: DeadWords;
  readonly bar: ProgressBar;
  readonly sum: Sum;
  readonly stop: AbortSignal;
}

async function changeAll(run: Run): Promise<void> {
  const { read, stop } = run;
  if (read.ids.length > 0) {
    for (let from = 0; from < read.ids.length && !stop.aborted; from += IDS_A_REQUEST) {
      await changeIds(run, read.ids.slice(from, from + IDS_A_REQUEST));
    }
    return;
  }
  let cursor: unknown = null;
  do {
    const answer = await changeOnce(run, { filter: read.filter, cursor });
    cursor = answer?.['next'] ?? null;
  } while (cursor !== null && !stop.aborted);
}

/** What did not fit into the backlog is asked for again; what was done is passed over then. */
async function changeIds(run: Run, ids: readonly string[]): Promise<void> {
  let isLeft = true;
  while (isLeft && !run.stop.aborted) {
    const answer = await changeOnce(run, { ids });
    isLeft = Number(answer?.['matched'] ?? 0) > Number(answer?.['done'] ?? 0);
  }
}

/** One request, asked again while it is too early for it. Undefined: stopped while it waited. */
async function changeOnce(
  { console, action, read, bar, sum, stop }: Run,
  body: object,
): Promise<Answer['body'] | undefined> {
  for (let later = 1; ; later++) {
    const answer = await console.ask(`${lettersPath(read.connection)}/${action}`, body);
    if (answer.status !== 503) {
      sum.done += Number(answer.body['done'] ?? 0);
      bar.update(sum.done, `${sum.done} done`);
      return answer.body;
    }
    if (later === LATER_MAX) throw refused('the console', answer);
    bar.update(sum.done, `${sum.done} done; ${String(answer.body['code'] ?? 'later')}, waiting`);
    await sleep(answer.retryAfter * 1000, undefined, { signal: stop }).catch(() => undefined);
    if (stop.aborted) return undefined;
  }
}

function told(action: Action, { done }: Sum): string {
  return `${done} ${action === 'replay' ? 'replayed' : 'discarded'}`;
}
