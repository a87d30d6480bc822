/* What the fleet knows beside its connections. */
import assert from 'node:assert/strict';
import test from 'node:test';
import { makeEntries, makePiece } from '../builders.ts';
import type { MakeStore } from '../contract-store.ts';
import { withStore } from './steps.ts';

const WINDOW_MS = 10_000;

export function fleetNotesContract(makeStore: MakeStore): void {
  test('the end of a credential is kept by tenant, the last word counts, and it can be taken back', () =>
    withStore(makeStore, async ({ store }) => {
      assert.deepEqual((await store.fleetNotes()).credentialExpiryMs, new Map());
      await store.noteCredential('contoso', 1_800_000_000_000);
      await store.noteCredential('fabrikam', 1_900_000_000_000);
      await store.noteCredential('contoso', 1_850_000_000_000);
      const both = new Map([
        ['contoso', 1_850_000_000_000],
        ['fabrikam', 1_900_000_000_000],
      ]);
      assert.deepEqual((await store.fleetNotes()).credentialExpiryMs, both);
      await store.noteCredential('contoso', null);
      assert.deepEqual((await store.fleetNotes()).credentialExpiryMs, new Map([['fabrikam', 1_900_000_000_000]]));
    }));

  test('too many ids shorten the window, and it is whole again when those that were forgotten would be by now', () =>
    withStore(makeStore, async ({ store, advance }) => {
      let sequence = 0;
      const send = () => {
        sequence += 1;
        const ids = Array.from({ length: 5 }, (_, n) => String(sequence * 100 + n));
        const groups = [{ itemId: 'a', entries: makeEntries(5), ids }];
        return store.append(makePiece({ sequence, groups, dedupe: { windowMs: WINDOW_MS, idsMax: 20 } }));
      };
      const { nowMs } = await store.fleetNotes();
      for (let n = 0; n < 4; n++) {
        await send();
        await advance(10);
      }
      assert.equal((await store.fleetNotes()).idsForgottenMs, null);
      await send();
      assert.equal((await store.fleetNotes()).idsForgottenMs, nowMs);
      await advance(10);
      await send();
      assert.equal((await store.fleetNotes()).idsForgottenMs, nowMs + 10);
      await advance(WINDOW_MS - 41);
      assert.equal((await store.fleetNotes()).idsForgottenMs, nowMs + 10);
      await advance(1);
      assert.equal((await store.fleetNotes()).idsForgottenMs, null);
    }));
}
