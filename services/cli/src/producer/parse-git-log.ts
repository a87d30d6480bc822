/*
  Reads what `git log -z --name-status` writes, as it comes and in constant memory: fields end with a NUL byte, so that any path can be
  told from anything else. A commit is a field that begins with byte 1 (see GIT_LOG_FORMAT); then follow pairs of a status and a path,
  the first status after a line feed. A path stands only behind a status, so a path that looks like a commit is not taken for one.
*/
export const GIT_LOG_FORMAT = '%x01%H %at %aE';

export interface GitChange {
  readonly commit: string;
  /** The author's time, seconds since 1970; may be anything git could store. */
  readonly authorSeconds: number;
  readonly email: string;
  /** A, M, T or D. */
  readonly status: string;
  /** As git stores it: bytes, usually UTF-8. */
  readonly path: Buffer;
}

export interface GitCommit {
  readonly commit: string;
}

const NUL = 0;
const COMMIT_MARK = 1;
/** Linux allows paths of 4096 bytes; git has no limit of its own. A longer field is not what this file believes it reads. */
const FIELD_BYTES_MAX = 1024 * 1024;

/** Yields each commit, and then its changes. */
export async function* parseGitLog(chunks: AsyncIterable<Buffer>): AsyncGenerator<GitCommit | GitChange> {
  let header: Omit<GitChange, 'status' | 'path'> | null = null;
  let status: string | null = null;
  for await (const field of splitFields(chunks)) {
    if (status !== null && header !== null) {
      yield { ...header, status, path: field };
      status = null;
    } else if (field[0] === COMMIT_MARK) {
      header = parseHeader(field.toString('utf8', 1));
      yield { commit: header.commit };
    } else {
      const text = field.toString('latin1').trim();
      if (text !== '') status = text[0]!;
    }
  }
}

function parseHeader(text: string): Omit<GitChange, 'status' | 'path'> {
  const [commit = '', seconds = '', ...email] = text.split(' ');
  return { commit, authorSeconds: Number(seconds), email: email.join(' ') };
}

async function* splitFields(chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = bytes.indexOf(NUL, from); end !== -1; end = bytes.indexOf(NUL, from)) {
      yield bytes.subarray(from, end);
      from = end + 1;
    }
    rest = bytes.subarray(from);
    if (rest.length > FIELD_BYTES_MAX) throw new Error(`git wrote a field of more than ${FIELD_BYTES_MAX} bytes.`);
  }
  if (rest.length > 0) yield rest;
}
