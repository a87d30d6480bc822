import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ConnectionView } from '@sluice/core';
import { watchBacklogs } from './watch-backlogs.ts';

const FULL = { connectionId: 'hr', pending: 1000, pendingMax: 1000, entries: 200, entriesMax: 20 };

function openBacklogs() {
  let nowMs = 0;
  let looks = 0;
  let view: Partial<ConnectionView> | null = {
    appended: 1000,
    replayed: 0,
    pending: 1000,
    state: 'flowing',
    bucket: null,
  };
  let answer: () => Promise<unknown> = async () => view;
  const backlogs = watchBacklogs({
    store: {
      connection: async () => {
        looks++;
        return (await answer()) as ConnectionView | null;
      },
    },
    clock: () => nowMs,
    chance: () => 0,
  });
  return {
    backlogs,
    looks: () => looks,
    pass: (ms: number) => {
      nowMs += ms;
    },
    show: (next: Partial<ConnectionView>) => {
      view = { ...view, ...next };
    },
    answerWith: (next: () => Promise<unknown>) => {
      answer = next;
    },
  };
}

test('two looks tell how fast a backlog drains, and so when there is room', async () => {
  const { backlogs, pass, show, looks } = openBacklogs();
  assert.equal(await backlogs.secondsUntilRoom(FULL), 10, 'nobody knows yet');
  pass(2000);
  show({ appended: 1080, pending: 1000 });
  // 80 in 2 s are 40 a second; 200 find no room.
  assert.equal(await backlogs.secondsUntilRoom(FULL), 5);
  assert.equal(await backlogs.secondsUntilRoom({ ...FULL, entries: 400 }), 10);
  assert.equal(looks(), 2, 'once a second at most');
});

test('before it is known, the learned quota tells; paused or stuck, it takes long', async () => {
  const learned = openBacklogs();
  learned.show({ bucket: { intervalUs: 500_000 } as ConnectionView['bucket'] });
  // 2 calls of 20 a second.
  assert.equal(await learned.backlogs.secondsUntilRoom(FULL), 5);
  const paused = openBacklogs();
  paused.show({ state: 'paused' });
  assert.equal(await paused.backlogs.secondsUntilRoom(FULL), 120);
  const stuck = openBacklogs();
  await stuck.backlogs.secondsUntilRoom(FULL);
  stuck.pass(3000);
  assert.equal(await stuck.backlogs.secondsUntilRoom(FULL), 120);
});

test('a look that fails or hangs does not keep the caller', async () => {
  const { backlogs, answerWith } = openBacklogs();
  answerWith(() => Promise.reject(new Error('away')));
  assert.equal(await backlogs.secondsUntilRoom(FULL), 10);
  answerWith(() => new Promise(() => {}));
  assert.equal(await backlogs.secondsUntilRoom(FULL), 10);
});
