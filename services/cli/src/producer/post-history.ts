/* The history of a repository as activities, posted. */
import type { Activity } from '@sluice/client/source';
import type { PostTally } from '../commands/post-tally.ts';
import { formatCount } from '../start/totals.ts';
import { makeGitActivity } from './make-git-activity.ts';
import type { GitHistory } from './open-git-history.ts';
import { parseGitLog } from './parse-git-log.ts';
import { postStream } from './post-stream.ts';

export interface PostHistory {
  /** Its URL. */
  readonly intake: string;
  readonly apiKey?: string | undefined;
  readonly connection: string;
  readonly tally: PostTally;
  readonly signal: AbortSignal;
  readonly onProgress: (commits: number, note: string) => void;
}

/** Answers when all of it is stored or refused, or the signal has aborted; throws what refuses everything. */
export async function postHistory(history: GitHistory, settings: PostHistory): Promise<void> {
  const { intake, apiKey, connection, tally, signal, onProgress } = settings;
  let commits = 0;
  const show = (more = '') => {
    const read = `${formatCount(commits)} of ${formatCount(history.commits)} commits`;
    onProgress(commits, `${read}, ${formatCount(tally.accepted)} activities accepted${more}`);
  };
  async function* activities(): AsyncGenerator<Activity> {
    for await (const part of parseGitLog(history.read(signal))) {
      if (signal.aborted) return;
      if (!('path' in part)) {
        commits++;
        continue;
      }
      const made = makeGitActivity(part);
      if (made === null) continue;
      const { itemId: item, ...activity } = made;
      yield { connection, item, ...activity };
    }
  }
  await postStream(activities(), {
    url: intake,
    apiKey,
    signal,
    onStored: (batch) => {
      tally.stored(batch);
      show();
    },
    onRejected: ({ item }, { code, pointer, message }) =>
      tally.reject({ place: item, pointer: pointer ?? '#', code, message }),
    onPostponed: ({ problem }) => show(`; ${problem.code}, trying again`),
  });
  show();
}
