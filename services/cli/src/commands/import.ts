/* sluice import git: the history of a repository, each commit and file an activity of its author. Importing again stores nothing twice. */
import { resolve } from 'node:path';
import { followReceipts, type Progress } from '../producer/follow-receipts.ts';
import { makeConnectionId } from '../producer/make-git-activity.ts';
import { type GitHistory, openGitHistory } from '../producer/open-git-history.ts';
import { postHistory } from '../producer/post-history.ts';
import { SluiceError } from '../producer/post-stream.ts';
import { openProgressBar } from '../producer/progress-bar.ts';
import { watchStopSignals } from '../start/stop-signals.ts';
import { formatCount } from '../start/totals.ts';
import { suggest } from '../suggest.ts';
import { EXIT_FAILED, EXIT_INTERRUPTED, type World } from '../world.ts';
import { type Intake, openIntake } from './ask-intake.ts';
import { CommandFailed, tellFailure } from './command-failed.ts';
import { readConnection } from './post.ts';
import { PostTally } from './post-tally.ts';
import { readOptions, refuseUsage } from './read-options.ts';

export const IMPORT_HELP = `sluice import git PATH [--connection CONNECTION] [--follow] [--json]

Posts the history of a git repository: each change of a file in a commit is one activity of the commit's author on that file. Every
activity has an id made of commit and path, so importing again stores nothing twice.

  --connection CONNECTION   default: git and the name of the repository
  --follow                  waits until every activity was delivered, or cannot be
  --json                    {"accepted","duplicates","rejected":[…],…}, and with --follow {"delivered","dead","parked",…}

Asks the intake (SLUICE_URL, SLUICE_API_KEY). Exit code 1 when not everything was accepted (with --follow: delivered), 130 after Ctrl-C.
`;

const KINDS = ['git'];

interface Run {
  readonly history: GitHistory;
  readonly connection: string;
  readonly intake: Intake;
  readonly tally: PostTally;
  readonly signal: AbortSignal;
  readonly world: World;
}

export function runImport(args: readonly string[], world: World): Promise<number> {
  return tellFailure(world, async () => {
    const words = readOptions('import', args, {
      connection: { type: 'string' },
      follow: { type: 'boolean' },
      json: { type: 'boolean' },
    });
    const path = readPath(words.operands);
    const given = words.text('connection');
    const intake = openIntake(world);
    const history = await openGitHistory(resolve(world.cwd, path));
    if ('problem' in history) throw new CommandFailed(history.problem, EXIT_FAILED);
    const connection = given === undefined ? makeConnectionId(history.name) : readConnection(given, 'import');
    await intake.assertReachable();
    const signals = watchStopSignals({ onSecond: world.exit, underNpm: false });
    const tally = new PostTally();
    const run = { history, connection, intake, tally, signal: signals.requested, world };
    try {
      const progress = await runAll(run, words.flag('follow'));
      if (words.flag('json')) world.out.write(`${JSON.stringify(toJson(run, progress))}\n`);
      else tell(run, progress);
      if (signals.requested.aborted) {
        world.err.write('Stopped; the same command goes on.\n');
        return EXIT_INTERRUPTED;
      }
      const failed = tally.rejectedTotal + (progress === null ? 0 : progress.dead + progress.parked);
      return failed === 0 ? 0 : EXIT_FAILED;
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      throw new CommandFailed(
        `It broke off after ${tally.note()}: ${error.message}\nThe same command goes on.`,
        EXIT_FAILED,
      );
    } finally {
      signals.dispose();
    }
  });
}

function readPath([kind, path, ...others]: readonly string[]): string {
  if (kind === undefined || !KINDS.includes(kind)) {
    const meant = kind === undefined ? null : suggest(kind, KINDS);
    const hint = meant === null ? '' : ` Did you mean ${meant}?`;
    throw refuseUsage(`import takes git and the path of a repository.${hint}`, 'import');
  }
  if (path === undefined || others.length > 0) throw refuseUsage('import git takes one path.', 'import');
  return path;
}

async function runAll(run: Run, isFollowed: boolean): Promise<Progress | null> {
  const { history, connection, intake, tally, signal, world } = run;
  const bar = openProgressBar(world.err, 'posting   ', history.commits);
  try {
    await postHistory(history, {
      intake: intake.url,
      apiKey: intake.apiKey,
      connection,
      tally,
      signal,
      onProgress: (commits, note) => bar.update(commits, note),
    });
  } finally {
    bar.stop();
  }
  return isFollowed && !signal.aborted ? follow(run) : null;
}

async function follow({ intake, tally, signal, world }: Run): Promise<Progress> {
  const bar = openProgressBar(world.err, 'delivering', tally.accepted);
  try {
    return await followReceipts({
      url: intake.url,
      apiKey: intake.apiKey,
      receipts: tally.receipts,
      signal,
      onProgress: ({ delivered, open, waitingFor }) => {
        const waits = waitingFor === null ? '' : ` (${waitingFor})`;
        bar.update(
          tally.accepted - open,
          `${formatCount(delivered)} of ${formatCount(tally.accepted)} delivered${waits}`,
        );
      },
    });
  } finally {
    bar.stop();
  }
}

function toJson({ connection, history, tally }: Run, progress: Progress | null) {
  const sum = { connectionId: connection, commits: history.commits, ...tally.toJson() };
  if (progress === null) return sum;
  const { delivered, dead, parked, other, open } = progress;
  return { ...sum, delivered, dead, parked, other, open };
}

function tell({ connection, tally, world }: Run, progress: Progress | null): void {
  tally.tell(world, connection);
  if (progress === null) return;
  const { delivered, dead, parked, open } = progress;
  const counts = Object.entries({ 'dead letters': dead, parked, 'not final': open })
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `, ${formatCount(n)} ${name}`);
  world.out.write(`${formatCount(delivered)} delivered${counts.join('')}.\n`);
}
