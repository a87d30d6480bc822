import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readAnswer } from './read-answer.ts';

const token = { kind: 'token', bearer: 'Bearer a.secret.token' } as unknown as Parameters<
  typeof readAnswer
>[1]['token'];
const read = (status: number, text: string) => {
  const reply = readAnswer({ kind: 'answered', status, headers: {}, text, problem: null }, { token, durationMs: 1 });
  assert.equal(reply.kind, 'answered');
  return reply as Extract<typeof reply, { kind: 'answered' }>;
};

test('a byte order mark before the JSON is passed over', () => {
  const { body, bodyProblem } = read(200, '\uFEFF{"value":[]}');
  assert.deepEqual([body, bodyProblem], [{ value: [] }, null]);
});

test('an empty body, and one that is no JSON, are told apart', () => {
  assert.deepEqual(
    ['', '\uFEFF', '<html>', '{"value":['].map((text) => read(200, text).bodyProblem),
    ['empty', 'not-json', 'not-json', 'not-json'],
  );
});

test('of a refusal and of a page an excerpt is kept, without the token; of results nothing', () => {
  assert.equal(read(502, 'your token a.secret.token was seen').bodyExcerpt, 'your token [token] was seen');
  assert.equal(read(200, '<p>your token a.secret.token was seen').bodyExcerpt, '<p>your token [token] was seen');
  assert.equal(read(200, '{"value":[{"performedBy":"p"}]}').bodyExcerpt, '');
});
