import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeEntry } from '../activity/entry.ts';
import { hidePerformers } from './hide-performers.ts';
import type { CallOutcome, EntryOutcome } from './outcome.ts';
import { withoutControls } from './read-graph-error.ts';

const CALL: CallOutcome = {
  certainty: 'sent',
  quota: 'accepted',
  closure: null,
  failed: false,
  hold: null,
  target: null,
  unlisted: [],
  bisect: false,
  wholeCall: false,
  extraResults: 0,
  reason: 'delivered',
};
const entryOf = (id: string) =>
  encodeEntry({ type: 'viewed', startMs: 1_700_000_000_000, performedBy: { type: 'user', id } }, 0, null);
const verdict = (message: string): EntryOutcome => ({
  verdict: message === '' ? 'delivered' : 'rejected',
  code: 'c',
  message,
  requestId: null,
  counted: 'never',
  delayMsMin: 0,
});
const hidden = (message: string, ids: readonly string[], from: 'graph' | 'others' = 'others') => {
  const unlisted = [{ code: 'c', entries: 1, excerpt: `c: ${message}` }];
  const call = { ...CALL, unlisted, reason: `c: ${message}`, hold: { code: 'c', reason: `c: ${message}` } };
  const outcome = hidePerformers({ entries: [verdict(message), verdict('')], call }, ids.map(entryOf), from);
  const { reason, hold, unlisted: odd } = outcome.call;
  assert.deepEqual([reason, hold?.reason, odd[0]?.excerpt], Array(3).fill(`c: ${outcome.entries[0]!.message}`));
  return outcome.entries[0]!.message;
};

test('whoever did it is not in what Graph says, in whatever letter case', () => {
  const id = '2c9a5a86-1f4d-4c2e-9f6b-8d1e0c7b3a55';
  assert.equal(hidden(`User '${id.toUpperCase()}' is unknown.`, [id]), "User '[performer]' is unknown.");
  assert.equal(hidden('ada@example.com, ada', ['ada', 'ada@example.com']), '[performer], [performer]');
  assert.equal(hidden('a bad example (a+b)', ['a', 'a+b']), '[performer] bad example ([performer])');
});

test('an id with line breaks is found in a message that has become one line, and in JSON', () => {
  const id = 'group\r\n"of" people';
  assert.equal(hidden('No group  "of" people here.', [id]), 'No [performer] here.');
  assert.equal(hidden(JSON.stringify({ message: `No ${id} here.` }), [id]), '{"message":"No [performer] here."}');
  const ofBoth = 'the\u0085"one"';
  assert.equal(hidden(withoutControls(JSON.stringify(`No ${ofBoth} here.`)), [ofBoth]), '"No [performer] here."');
});

test('what is left of an id where a message was cut is hidden as well', () => {
  const id = 'ada.lovelace@example.com';
  assert.equal(hidden('No mailbox of Ada.Lovelace@exam…', [id]), 'No mailbox of [performer]…');
  assert.equal(hidden('No mailbox of ada…', ['bob', id]), 'No mailbox of [performer]…');
  assert.equal(hidden('No mailbox of Canada…', [id]), 'No mailbox of Canada…');
  assert.equal(hidden('It is a…', [id]), 'It is a…', 'a letter or two say nothing');
});

test('an outcome in which nothing is said stays the same object', () => {
  const outcome = { entries: [verdict('')], call: CALL };
  assert.equal(hidePerformers(outcome, [entryOf('ada')], 'graph'), outcome);
});

test('whatever an id is made of, it is found between other words', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 128, unit: 'binary' }), (id) => {
      fc.pre(!'[performer]'.includes(id.toLowerCase()) && id.trim() !== '' && id.isWellFormed());
      // Such an id may be in the code before the message as well: the test below.
      fc.pre(!/^[c: ]/i.test(id));
      assert.equal(hidden(`User "${id}" is unknown.`, [id]).includes(`"${id}"`), false);
    }),
  );
});

test('an id that is also in the code is hidden there too', () => {
  const call = { ...CALL, reason: 'c: User "c" is unknown.' };
  const outcome = hidePerformers({ entries: [verdict('User "c" is unknown.')], call }, [entryOf('c')], 'others');
  assert.equal(outcome.entries[0]!.message, 'User "[performer]" is unknown.');
  assert.equal(outcome.call.reason, '[performer]: User "[performer]" is unknown.');
});

test('Graph may mean others than those of the call; we and the identity provider speak of applications', () => {
  const said = "User '2C9A5A86-1f4d-4c2e-9f6b-8d1e0c7b3a55' or 2c9a5a86-1f4…";
  assert.equal(hidden(said, ['ada'], 'graph'), "User '[performer]' or [performer]…");
  assert.equal(hidden(said, ['ada'], 'others'), said);
});
