/* How far erasures are: told by every console, and by whom one is walked that goes on. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { ERASURE_NOTES_MAX, type ErasureNote } from '@sluice/core';
import type { MakeStore } from '../contract-store.ts';
import { withStore } from './steps.ts';

const ALIVE_MS = 15_000;
const note = (id: string, parts: Partial<ErasureNote> = {}): ErasureNote => ({
  id,
  digest: 'd1',
  running: true,
  text: `{"of":"${id} § \\n"}`,
  ...parts,
});

export function erasureNotesContract(makeStore: MakeStore): void {
  test('a note is found by its id as it was last written, with how long ago that was', () =>
    withStore(makeStore, async ({ store, advance }) => {
      assert.equal(await store.erasureNote('e1'), null);
      await store.noteErasure(note('e1'));
      await advance(2000);
      assert.deepEqual(await store.erasureNote('e1'), { ...note('e1'), silentMs: 2000 });
      const ended = note('e1', { running: false, text: '' });
      await store.noteErasure(ended);
      assert.deepEqual(await store.erasureNote('e1'), { ...ended, silentMs: 0 });
    }));

  test('one that goes on is found by its performer, until it ends or is not heard of any more', () =>
    withStore(makeStore, async ({ store, advance }) => {
      const running = async (digest: string) => (await store.runningErasure({ digest, aliveMs: ALIVE_MS }))?.id ?? null;
      await store.noteErasure(note('e1'));
      await store.noteErasure(note('e2', { digest: 'd2' }));
      await store.noteErasure(note('e3', { digest: 'd3', running: false }));
      assert.deepEqual([await running('d1'), await running('d2'), await running('d3')], ['e1', 'e2', null]);
      await advance(ALIVE_MS);
      await store.noteErasure(note('e2', { digest: 'd2', running: false }));
      assert.deepEqual([await running('d1'), await running('d2')], ['e1', null]);
      await advance(1);
      assert.deepEqual([await running('d1'), (await store.erasureNote('e1'))?.running], [null, true]);
    }));

  test('of too many those that were written longest ago go', () =>
    withStore(makeStore, async ({ store, advance }) => {
      for (let n = 0; n <= ERASURE_NOTES_MAX; n++) {
        await store.noteErasure(note(`e${n}`));
        if (n < 3) await advance(1);
      }
      assert.deepEqual([await store.erasureNote('e0'), (await store.erasureNote('e1'))?.id], [null, 'e1']);
    }));
}
