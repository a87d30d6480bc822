/* Sessions of people: found by every console, ended in time, bounded. */
import assert from 'node:assert/strict';
import { SESSIONS_MAX, type SessionStore } from '@sluice/core';

interface SessionsUnderTest {
  readonly store: SessionStore;
  advance(ms: number): Promise<void>;
}

const IDLE_MS = 1000;
const LIFE_MS = 3500;

export function sessionsContract(
  with_: (what: string, run: (under: SessionsUnderTest) => Promise<void>) => void,
): void {
  const of = ({ store }: SessionsUnderTest) => ({
    open: (id: string, text = `of ${id}`, lifeMs = LIFE_MS) => store.openSession({ id, text, lifeMs, idleMs: IDLE_MS }),
    find: (id: string) => store.findSession({ id, idleMs: IDLE_MS }),
  });

  with_('a session is found with the text it was opened with, until it is ended', async (under) => {
    const { open, find } = of(under);
    const text = '{"name":"o p\\ns  §"}';
    await open('a', text);
    await open('b');
    assert.deepEqual([await find('a'), await find('b'), await find('c')], [text, 'of b', null]);
    await under.store.endSession('a');
    await under.store.endSession('none');
    assert.deepEqual([await find('a'), await find('b')], [null, 'of b']);
  });

  with_('it ends when nobody came for its idle time, and after its life in any case', async (under) => {
    const { open, find } = of(under);
    await open('idle');
    await open('used');
    await open('short', 'of short', IDLE_MS / 2);
    for (let passedMs = 0; passedMs < LIFE_MS; passedMs += IDLE_MS / 2) {
      assert.equal(await find('used'), 'of used', `${passedMs}`);
      await under.advance(IDLE_MS / 2);
      assert.equal(await find('short'), null, 'a life may be shorter than the idle time');
    }
    assert.equal(await find('idle'), null);
    assert.equal(await find('used'), null, 'its life is over');
  });

  with_('of too many the one that would end first goes', async (under) => {
    const { open, find } = of(under);
    await open('first');
    await under.advance(1);
    for (let n = 0; n < SESSIONS_MAX - 1; n++) await open(`s${n}`);
    await under.advance(1);
    assert.equal(await find('first'), 'of first', 'and being found puts its end off');
    await open('last');
    assert.equal(await find('first'), 'of first');
    assert.equal(await find('last'), 'of last');
    const found = await Promise.all(Array.from({ length: SESSIONS_MAX - 1 }, (_, n) => find(`s${n}`)));
    assert.equal(found.filter((text) => text === null).length, 1);
  });
}
