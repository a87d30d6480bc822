/* `--producer git:PATH`: the history of a repository through the intake, and then until everything of it has come to its end. */

import { PostTally } from '../commands/post-tally.ts';
import type { TotalsReader } from '../start/read-totals.ts';
import type { Screen } from '../start/screen.ts';
import { formatCount, type Totals } from '../start/totals.ts';
import { EXIT_FAILED, type Output } from '../world.ts';
import { followReceipts, type Progress } from './follow-receipts.ts';
import { makeConnectionId } from './make-git-activity.ts';
import { type GitHistory, openGitHistory } from './open-git-history.ts';
import { postHistory } from './post-history.ts';
import { openProgressBar } from './progress-bar.ts';

export interface ProducerSurroundings {
  readonly intake: string;
  readonly apiKey?: string | undefined;
  readonly totals: TotalsReader;
  readonly screen: Screen;
  readonly err: Output;
  readonly signal: AbortSignal;
}

export interface Producer {
  /** Answers the exit code: 0 when every activity was delivered. */
  run(around: ProducerSurroundings): Promise<number>;
}

const PLAIN_LINE_MS = 10_000;
const EXAMPLES_MAX = 3;

export async function prepareProducer(path: string): Promise<Producer | { readonly problem: string }> {
  const history = await openGitHistory(path);
  if ('problem' in history) return history;
  return { run: (around) => run(history, around) };
}

async function run(history: GitHistory, around: ProducerSurroundings): Promise<number> {
  const { screen, totals, signal } = around;
  const connectionId = makeConnectionId(history.name);
  screen.print(`Feeding ${formatCount(history.commits)} commits of ${history.name} to connection ${connectionId} ...`);
  const startedMs = performance.now();
  const before = await totals.read();
  const posts = new PostTally();
  try {
    await post(history, connectionId, posts, around);
  } catch (error) {
    screen.warn([`The producer stopped: ${error instanceof Error ? error.message : String(error)}`]);
    return EXIT_FAILED;
  }
  const progress = await follow(posts, around);
  if (signal.aborted) return 0;
  const after = await totals.read();
  screen.print(summarise(posts, progress, callsBetween(before, after), performance.now() - startedMs));
  return posts.rejectedTotal + progress.dead + progress.parked > 0 ? EXIT_FAILED : 0;
}

async function post(history: GitHistory, connection: string, tally: PostTally, around: ProducerSurroundings) {
  const { intake, apiKey, err, signal, screen } = around;
  const bar = openProgressBar(err, 'posting   ', history.commits);
  const plain = everySoOften(PLAIN_LINE_MS);
  const onProgress = (commits: number, note: string) => {
    bar.update(commits, note);
    if (!screen.isTerminal && plain()) screen.print(`posting: ${note}`);
  };
  try {
    await postHistory(history, { intake, apiKey, connection, tally, signal, onProgress });
  } finally {
    bar.stop();
  }
}

async function follow(
  posts: PostTally,
  { intake, apiKey, err, signal, screen }: ProducerSurroundings,
): Promise<Progress> {
  const bar = openProgressBar(err, 'delivering', posts.accepted);
  const plain = everySoOften(PLAIN_LINE_MS);
  try {
    return await followReceipts({
      url: intake,
      apiKey,
      receipts: posts.receipts,
      signal,
      onProgress({ delivered, open, waitingFor }) {
        const waits = waitingFor === null ? '' : ` (${waitingFor})`;
        const note = `${formatCount(delivered)} of ${formatCount(posts.accepted)} delivered${waits}`;
        bar.update(posts.accepted - open, note);
        if (!screen.isTerminal && open > 0 && plain()) screen.print(`delivering: ${note}`);
      },
    });
  } finally {
    bar.stop();
  }
}

function summarise(posts: PostTally, progress: Progress, called: Called | null, ms: number): string {
  const count = (name: string, n: number) => (n === 0 ? [] : [`${formatCount(n)} ${name}`]);
  const parts = [
    `accepted ${formatCount(posts.accepted)}`,
    `delivered ${formatCount(progress.delivered)}`,
    ...(called === null ? [] : [`calls ${formatCount(called.calls)}`, `mean fill ${called.fill.toFixed(1)}`]),
    `${(ms / 1000).toFixed(1)} s`,
    ...count('duplicates', posts.duplicates),
    ...count('rejected', posts.rejectedTotal),
    ...count('dead letters', progress.dead),
    ...count('parked', progress.parked),
    ...count('ended otherwise', progress.other),
  ];
  return [
    `Fed: ${parts.join(', ')}.`,
    ...posts.rejected.slice(0, EXAMPLES_MAX).map(({ message }) => `  rejected: ${message}`),
  ].join('\n');
}

interface Called {
  readonly calls: number;
  readonly fill: number;
}

/** The calls made meanwhile and what one carried; null when calls are not counted here. */
function callsBetween(before: Totals, after: Totals): Called | null {
  if (after.calls === null) return null;
  const carried = (totals: Totals) => (totals.taken ?? 0) * (totals.fill ?? 0);
  const taken = (after.taken ?? 0) - (before.taken ?? 0);
  return {
    calls: after.calls - (before.calls ?? 0),
    fill: taken > 0 ? (carried(after) - carried(before)) / taken : 0,
  };
}

/** True at most once in so many milliseconds; not at the very beginning. */
function everySoOften(ms: number): () => boolean {
  let lastMs = performance.now();
  return () => {
    if (performance.now() - lastMs < ms) return false;
    lastMs = performance.now();
    return true;
  };
}
