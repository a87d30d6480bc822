import { parentOf } from './launch/is-running.ts';

const POLL_MS = 1000;

/** npm, or npx, runs this process. */
export function isUnderNpm(env: NodeJS.ProcessEnv): boolean {
  return env['npm_lifecycle_event'] !== undefined;
}

/**
 * npm starts a shell that starts us, and passes signals on to the shell alone, which dies of them. When npm or the shell is gone,
 * our parent or our parent's parent becomes another process. Answers how to stop watching.
 */
export function watchParents(onGone: () => void): () => void {
  const chain = () => `${process.ppid} ${parentOf(process.ppid)}`;
  const before = chain();
  const timer = setInterval(() => {
    if (chain() === before) return;
    clearInterval(timer);
    onGone();
  }, POLL_MS);
  timer.unref();
  return () => clearInterval(timer);
}
