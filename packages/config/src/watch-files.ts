/*
  Looks whether files have changed. By looking and not by being told: a Kubernetes secret is swapped through links, an editor
  renames, a network disk says nothing. What changed while it was being written is looked at again.
*/
import { stat } from 'node:fs/promises';

export interface FileWatch {
  close(): void;
}

export interface WatchFilesSettings {
  /** Called after a change, one call at a time. Errors are its own. */
  readonly onChange: () => Promise<void> | void;
  readonly everyMs?: number;
}

const LOOK_EVERY_MS = 1000;

/** What was there when the watch began is known; call it before reading the files, so that no change falls between. */
export function watchFiles(paths: readonly string[], settings: WatchFilesSettings): FileWatch {
  let seen: string | null = null;
  let looking = false;

  async function look(): Promise<void> {
    if (looking) return;
    looking = true;
    try {
      const now = (await Promise.all(paths.map(stampOf))).join(' ');
      const changed = seen !== null && now !== seen;
      seen = now;
      if (changed) await settings.onChange();
    } finally {
      looking = false;
    }
  }

  void look();
  const timer = setInterval(() => void look(), settings.everyMs ?? LOOK_EVERY_MS);
  timer.unref();
  return { close: () => clearInterval(timer) };
}

/** Another one whenever the content may be another. */
async function stampOf(path: string): Promise<string> {
  try {
    const { ino, size, mtimeNs, ctimeNs } = await stat(path, { bigint: true });
    return [ino, size, mtimeNs, ctimeNs].join('/');
  } catch {
    return 'absent';
  }
}
