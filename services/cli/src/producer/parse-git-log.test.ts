import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { type GitChange, type GitCommit, parseGitLog } from './parse-git-log.ts';

const HASH = 'a'.repeat(40);
const header = (commit: string, email = 'a@b.c') => Buffer.from(`\u0001${commit} 1700000000 ${email}\0`);

async function parse(bytes: Buffer, chunkBytes: number): Promise<readonly (GitCommit | GitChange)[]> {
  async function* chunks() {
    for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
  }
  const parts: (GitCommit | GitChange)[] = [];
  for await (const part of parseGitLog(chunks())) parts.push(part);
  return parts;
}

test('a commit, and then each of its files', async () => {
  const bytes = Buffer.concat([
    header(HASH),
    Buffer.from('\nA\0one\0M\0two\0'),
    header('b'.repeat(40)),
    header('c'.repeat(40)),
    Buffer.from('\nD\0one\0'),
  ]);
  const parts = await parse(bytes, 7);
  assert.deepEqual(
    parts.map((part) => ('path' in part ? `${part.status} ${part.path}` : part.commit[0])),
    ['a', 'A one', 'M two', 'b', 'c', 'D one'],
  );
  const change = parts[1];
  assert.ok(change !== undefined && 'path' in change);
  assert.deepEqual([change.email, change.authorSeconds], ['a@b.c', 1_700_000_000]);
});

test('an e-mail with spaces or none at all is taken as it is', async () => {
  const bytes = Buffer.concat([
    header(HASH, 'no body  here'),
    Buffer.from('\nA\0x\0'),
    header(HASH, ''),
    Buffer.from('\nA\0x\0'),
  ]);
  const emails = (await parse(bytes, 1000)).flatMap((part) => ('path' in part ? [part.email] : []));
  assert.deepEqual(emails, ['no body  here', '']);
});

test('any path comes out as it went in, however the stream is cut, one that looks like a commit included', async () => {
  const path = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 40, min: 1 }).map((bytes) => Buffer.from(bytes)),
    fc.constantFrom(`\u0001${HASH} 1 a@b`, '\n', 'M', '\nA', ' ', 'ü "q"\\').map((text) => Buffer.from(text)),
  );
  const changes = fc.array(fc.record({ status: fc.constantFrom('A', 'M', 'T', 'D'), path }), {
    minLength: 1,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(changes, { minLength: 1, maxLength: 5 }),
      fc.integer({ min: 1, max: 64 }),
      async (commits, chunkBytes) => {
        const bytes = commits.flatMap((files) => [
          header(HASH),
          Buffer.from('\n'),
          ...files.flatMap((file) => [Buffer.from(`${file.status}\0`), file.path, Buffer.from('\0')]),
        ]);
        const parts = (await parse(Buffer.concat(bytes), chunkBytes)).filter(
          (part): part is GitChange => 'path' in part,
        );
        const seen = parts.map((part) => `${part.status} ${part.path.toString('hex')}`);
        assert.deepEqual(
          seen,
          commits.flat().map((file) => `${file.status} ${file.path.toString('hex')}`),
        );
      },
    ),
  );
});
