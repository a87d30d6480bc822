import assert from 'node:assert/strict';
import test from 'node:test';
import { CONNECTION_ID, ITEM_ID, OBJECT_ID } from '@sluice/core';
import fc from 'fast-check';
import { makeConnectionId, makeGitActivity, makePerformerId } from './make-git-activity.ts';

function change(path: string | Buffer, parts: object = {}) {
  return {
    commit: 'c'.repeat(40),
    authorSeconds: 1_700_000_000,
    email: 'ada@example.org',
    status: 'M',
    path: Buffer.from(path),
    ...parts,
  };
}

test('a changed file is an activity of the author at the author’s time', () => {
  assert.deepEqual(makeGitActivity(change('src/Größe (1).ts')), {
    itemId: 'src-Gr-e-1-ts-b0fad8e628408b902a80',
    id: `${'c'.repeat(40)}-b0fad8e628408b902a80`,
    type: 'modified',
    startDateTime: '2023-11-14T22:13:20.000Z',
    performedBy: { type: 'user', id: makePerformerId('ada@example.org') },
  });
});

test('a new file is created, a changed type modified, a deletion nothing', () => {
  assert.equal(makeGitActivity(change('a', { status: 'A' }))?.type, 'created');
  assert.equal(makeGitActivity(change('a', { status: 'T' }))?.type, 'modified');
  assert.equal(makeGitActivity(change('a', { status: 'D' })), null);
});

test('every path has an item id within Graph’s rule, and two paths have two', () => {
  const bytes = fc.uint8Array({ minLength: 1, maxLength: 300, min: 1 }).map((path) => Buffer.from(path));
  fc.assert(
    fc.property(bytes, bytes, (a, b) => {
      const [one, two] = [makeGitActivity(change(a)), makeGitActivity(change(b))];
      assert.match(one?.itemId ?? '', ITEM_ID);
      assert.ok((one?.id.length ?? 0) <= 128);
      assert.equal(one?.itemId === two?.itemId, a.equals(b));
    }),
  );
  assert.notEqual(makeGitActivity(change('a b'))?.itemId, makeGitActivity(change('a-b'))?.itemId);
});

test('an author is the same GUID however the address is written', () => {
  const id = makePerformerId(' Ada@Example.org');
  assert.match(id, OBJECT_ID);
  assert.equal(id, makePerformerId('ada@example.org'));
  assert.notEqual(id, makePerformerId('bob@example.org'));
  // The version and variant of RFC 9562.
  assert.match(id, /^.{14}5.{4}[89ab]/);
});

test('a clock that was wrong gives the nearest time there is', () => {
  assert.equal(makeGitActivity(change('a', { authorSeconds: 1e15 }))?.startDateTime, '9999-12-31T23:59:59.999Z');
  assert.equal(makeGitActivity(change('a', { authorSeconds: Number.NaN }))?.startDateTime, '1970-01-01T00:00:00.000Z');
});

test('a repository’s name becomes a connection id within Graph’s rule', () => {
  assert.equal(makeConnectionId('my-repo.git'), 'gitmyrepo');
  for (const name of ['', 'ü', 'x'.repeat(99), 'a b/c']) assert.match(makeConnectionId(name), CONNECTION_ID);
});
