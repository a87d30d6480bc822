import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { didYouMean, suggest } from './did-you-mean.ts';

const TYPES = ['viewed', 'modified', 'created', 'commented'];

test('slips of case, one letter and swapped neighbours are recognised', () => {
  for (const [typed, meant] of [
    ['Viewed', 'viewed'],
    ['view', 'viewed'],
    ['veiwed', 'viewed'],
    ['comented', 'commented'],
    ['creates', 'created'],
    [' modified ', 'modified'],
  ] as const) {
    assert.equal(didYouMean(typed, TYPES), meant);
  }
  assert.equal(suggest('Viewed', TYPES), ' Did you mean "viewed"?');
});

test('what is far from everything gets no suggestion', () => {
  for (const typed of ['', 'deleted!', 'xyz', 'unknownFutureValue', 'v'.repeat(100_000)]) {
    assert.equal(didYouMean(typed, TYPES), null);
    assert.equal(suggest(typed, TYPES), '');
  }
});

test('a word is always the nearest to itself', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z]{3,12}$/), { minLength: 1 }), fc.nat(), (words, at) => {
      const word = words[at % words.length]!;
      assert.equal(didYouMean(word, words), word);
    }),
  );
});
