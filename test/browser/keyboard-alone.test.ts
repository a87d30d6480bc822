/* The page by keyboard alone: nothing here touches a mouse. Focus is always somewhere, is seen, and stays when the page is redrawn. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { eventually, type Service, spawnService } from '@sluice/testing';
import type { Browser, Page } from 'playwright-core';
import { drained, readBooks } from '../support/conservation.ts';
import { focused, namelessControls, paleTexts, stopsOf, tabTo } from '../support/keyboard.ts';
import { findBrowser, NO_BROWSER, openBrowser, openPage } from '../support/open-browser.ts';
import { type Producer, startProducer } from '../support/producer.ts';
import { runSluice } from '../support/run-sluice.ts';
import { type System, startSystem } from '../support/start-system.ts';

const [WIKI, MAIL, CRM] = ['wiki', 'mail', 'crm'];
const MENDED = { rate: null, concurrency: null, latencyMs: [1, 3] };
const REFUSING = { ...MENDED, shares: { 207: 1 }, entryError: { code: 'invalidRequest', message: 'no' } };
const SEEN_WITHIN_MS = 30_000;
const LETTERS = 12;

interface Scene {
  readonly system: System;
  readonly browser: Browser;
  readonly producer: Producer;
  readonly console: Service;
  readonly folder: string;
  readonly key: string;
}

let scene: Scene | null = null;
before(async () => {
  const executablePath = findBrowser();
  if (executablePath === null) return;
  const folder = await mkdtemp(join(tmpdir(), 'sluice-keyboard-'));
  const file = join(folder, 'keys.json');
  const asked = ['keys', 'create', '--name', 'ops', '--scope', 'read,operate', '--connections', '*', '--file', file];
  const { out, code, err } = await runSluice([...asked, '--json'], {});
  assert.equal(code, 0, err);
  const system = await startSystem({ behavior: MENDED });
  const console = await spawnService({ service: 'console', env: { ...system.env, SLUICE_API_KEYS_FILE: file } });
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  const { key } = JSON.parse(out) as { key: string };
  scene = { system, browser: await openBrowser(executablePath), producer, console, folder, key };
  for (const connection of [WIKI, MAIL, CRM]) await producer.post({ connection, items: ['page-1'], count: 1 });
  await drained(system, [WIKI, MAIL, CRM], SEEN_WITHIN_MS);
});
after(async () => {
  await scene?.browser.close();
  await scene?.console.kill('SIGKILL');
  await scene?.system.stop();
  if (scene !== null) await rm(scene.folder, { recursive: true, force: true });
});

/** Signed in as somebody who may do everything, without a mouse. */
async function withPage(
  t: TestContext,
  hash: string,
  use: (scene: Scene, page: Page) => Promise<void>,
  options: Parameters<Browser['newPage']>[0] = {},
): Promise<void> {
  if (scene === null) return t.skip(NO_BROWSER);
  const { page, said } = await openPage(scene.browser, options);
  try {
    await page.goto(`${scene.console.url}/${hash}`);
    await focusIs(page, /^API key/);
    await page.keyboard.type(scene.key);
    await page.keyboard.press('Enter');
    await page.locator('table tbody tr, .bulk, .lookup').first().waitFor();
    await use(scene, page);
    assert.deepEqual(said, []);
  } finally {
    await page.close();
  }
}

const steer = (deed: string, connection: string) =>
  fetch(`${scene!.console.url}/api/v1/connections/${connection}/${deed}`, {
    method: 'POST',
    headers: { 'x-api-key': scene!.key },
  });
const names = (page: Page) => page.locator('table.connections tbody th a').allTextContents();

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  await eventually(async () => ((await look()) ? true : null), { withinMs: SEEN_WITHIN_MS, what });
}

async function focusIs(page: Page, name: RegExp): Promise<void> {
  let last = '';
  await eventually(
    async () => {
      const { tag, name: now } = await focused(page);
      last = `${tag} ${now}`;
      return tag !== 'BODY' && name.test(now) ? true : null;
    },
    { withinMs: SEEN_WITHIN_MS, what: `focus on ${name}` },
  ).catch((error: Error) => assert.fail(`${error.message}; it is on ${last.slice(0, 80)}`));
}

async function makeLetters({ system, producer }: Scene, connection: string): Promise<void> {
  await system.emulator.behave(REFUSING);
  for (let n = 0; n < LETTERS; n++) await producer.post({ connection, items: [`item-${n}`], count: 1 });
  await drained(system, [connection], SEEN_WITHIN_MS);
  await system.emulator.behave(MENDED);
}

test('somebody signs in, is told of a wrong key where they are, and signs out', async (t) => {
  await withPage(t, '', async (at, page) => {
    assert.equal((await focused(page)).tag, 'MAIN');
    await tabTo(page, 'Sign out ops', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await focusIs(page, /^API key/);
    await page.keyboard.type('slk_wrong');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').waitFor();
    await focusIs(page, /^API key/);
    await page.keyboard.type(at.key);
    await page.keyboard.press('Enter');
    await page.locator('table.connections').waitFor();
  });
});

test('Tab goes through the overview as it is read, with a ring around each stop', async (t) => {
  await withPage(t, '', async (_at, page) => {
    await page.reload();
    await page.locator('table.connections').waitFor();
    const stops = (await stopsOf(page)).map(({ name }) => name);
    const order = [
      'Skip to content',
      'Overview',
      'Queues',
      'Sign out ops',
      'Filter connections by name, tenant or state',
    ];
    const columns = ['Connection', 'State', 'Backlog', 'Oldest', 'In /s', 'Out /s', 'Fill', 'Calls /s', 'In flight'];
    const rows = ['To drain', 'Dead, parked', CRM, `Pause: ${CRM}`, MAIL, `Pause: ${MAIL}`, WIKI, `Pause: ${WIKI}`];
    assert.deepEqual(
      stops.filter((name) => name !== 'Sluice'),
      [...order, 'Show connections that are', ...columns, ...rows],
    );
    await tabTo(page, 'Skip to content');
    await page.keyboard.press('Enter');
    await tabTo(page, 'Filter connections by name, tenant or state');
  });
});

test('a connection is found, paused and resumed, and the button that was pressed keeps focus', async (t) => {
  await withPage(t, '', async (_at, page) => {
    await page.keyboard.press('/');
    await page.keyboard.type('mai');
    await until('one row', async () => (await names(page)).length === 1);
    await tabTo(page, `Pause: ${MAIL}`);
    await page.keyboard.press('Space');
    await focusIs(page, new RegExp(`^Resume: ${MAIL}$`));
    await page.locator('table.connections').getByText('paused by an operator').waitFor();
    await page.keyboard.press('Enter');
    await focusIs(page, new RegExp(`^Pause: ${MAIL}$`));
    await page.keyboard.press('/');
    await page.keyboard.press('Escape');
    await until('all rows, once the filter is emptied', async () => (await names(page)).length === 3);
  });
});

test('focus stays on a row that moves up and on one that moves down, while the page is redrawn', async (t) => {
  await withPage(t, '', async ({ producer, system }, page) => {
    for (const connection of [WIKI, MAIL, CRM]) await steer('pause', connection);
    await tabTo(page, 'Backlog');
    await page.keyboard.press('Enter');
    const grows = async (connection: string, count: number, order: readonly string[]) => {
      await producer.post({ connection, items: ['page-1'], count });
      await until(`${order} by backlog`, async () => (await names(page)).join() === order.join());
      await focusIs(page, new RegExp(`^${MAIL}$`));
    };
    await tabTo(page, MAIL);
    await grows(CRM, 2, [CRM, MAIL, WIKI]);
    await grows(MAIL, 5, [MAIL, CRM, WIKI]);
    await grows(WIKI, 9, [WIKI, MAIL, CRM]);
    await grows(CRM, 20, [CRM, WIKI, MAIL]);
    await grows(MAIL, 40, [MAIL, CRM, WIKI]);
    assert.ok((await focused(page)).ring);
    for (const connection of [WIKI, MAIL, CRM]) await steer('resume', connection);
    await drained(system, [WIKI, MAIL, CRM], SEEN_WITHIN_MS);
  });
});

test('a held connection is opened, its item looked up, its dialog left, and its hold released', async (t) => {
  await withPage(t, '', async ({ producer, system }, page) => {
    const script = [{ status: 403, times: 50, body: { error: { code: 'accessDenied', message: 'no' } } }];
    await system.emulator.behave({ ...MENDED, script });
    await producer.post({ connection: WIKI, items: ['page-7'], count: 3 });
    await page.locator('.summary').getByText('a permission is missing').waitFor();
    await tabTo(page, WIKI);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: WIKI }).waitFor();
    assert.equal((await focused(page)).tag, 'MAIN');
    await tabTo(page, 'Item id');
    await page.keyboard.type('page-7');
    await page.keyboard.press('Enter');
    await page.locator('.explanation').getByText('3 wait for a call').waitFor();
    await focusIs(page, /^Item id$/);
    await tabTo(page, 'Close');
    await page.keyboard.press('Enter');
    await page.locator('.explanation').waitFor({ state: 'detached' });
    await focusIs(page, /^Item id$/);
    await tabTo(page, 'Forget …', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await staysInDialog(page, ['Cancel', 'Discard 3 and forget']);
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await focusIs(page, /^Forget …$/);
    await tabTo(page, `Release hold: ${WIKI}`, 'Shift+Tab');
    await system.emulator.behave(MENDED);
    await page.keyboard.press('Enter');
    await focusIs(page, new RegExp(`^Pause: ${WIKI}$`));
    await drained(system, [WIKI], SEEN_WITHIN_MS);
    await tabTo(page, 'page-7');
    await page.keyboard.press('Enter');
    await focusIs(page, /^Look up an item$/);
  });
});

/** Around it twice: Tab finds the way to its buttons and to nothing of the page behind it. */
async function staysInDialog(page: Page, buttons: readonly string[]): Promise<void> {
  await focusIs(page, new RegExp(`^${buttons[0]}$`));
  const seen = new Set<string>();
  for (let stop = 0; stop < 3 * buttons.length + 2; stop++) {
    const at = await focused(page);
    if (at.tag !== 'BODY') {
      assert.ok(at.inDialog && at.ring, `${at.tag} ${at.name}`);
      seen.add(at.name);
    }
    await page.keyboard.press('Tab');
  }
  for (const name of buttons) assert.ok(seen.has(name), `${name} is not reached: ${[...seen]}`);
}

test('dead letters are looked at, filtered, discarded, exported and replayed', async (t) => {
  await withPage(t, `#/connections/${CRM}/dead-letters`, async (at, page) => {
    await makeLetters(at, CRM);
    const rows = page.locator('table.letters tbody tr');
    await page.reload();
    await until('all are there', async () => (await rows.count()) === LETTERS);
    await tabTo(page, /^Show .* of item item-3$/);
    await page.keyboard.press('Enter');
    await page.locator('dialog pre').waitFor();
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    await focusIs(page, /of item item-3$/);
    await tabTo(page, /^Item$/, 'Shift+Tab');
    await page.keyboard.type('item-3');
    await page.keyboard.press('Enter');
    await until('that of the item', async () => (await rows.count()) === 1);
    await focusIs(page, /^Item$/);
    await tabTo(page, /^Select (?!all)/);
    await page.keyboard.press('Space');
    await tabTo(page, 'Discard 1 selected', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await staysInDialog(page, ['Cancel', 'Discard']);
    while ((await focused(page)).name !== 'Discard') await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByText('1 discarded').waitFor();
    await focusIs(page, /^Discard 0 selected$/);
    await tabTo(page, 'Close');
    await page.keyboard.press('Enter');
    await focusIs(page, /^Replay 0 selected$/);
    await tabTo(page, 'Clear', 'Shift+Tab');
    await page.keyboard.press('Enter');
    await focusIs(page, /^State$/);
    await until('the others', async () => (await rows.count()) === LETTERS - 1);
    await replayAll(at, page);
  });
});

async function replayAll({ system }: Scene, page: Page): Promise<void> {
  const appended = (await readBooks(system)).lines.length;
  await tabTo(page, 'Export as NDJSON');
  const download = page.waitForEvent('download');
  await page.keyboard.press('Space');
  await download;
  await page.getByText(`${LETTERS - 1} exported`).waitFor();
  await focusIs(page, /^Export as NDJSON$/);
  await tabTo(page, 'Replay all that match', 'Shift+Tab');
  await page.keyboard.press('Enter');
  await page.locator('dialog').waitFor();
  while ((await focused(page)).name !== 'Replay') await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.getByText(`${LETTERS - 1} replayed`).waitFor();
  await focusIs(page, /^Replay all that match$/);
  await drained(system, [CRM], SEEN_WITHIN_MS);
  assert.equal((await readBooks(system)).lines.length, appended + LETTERS - 1);
}

for (const colorScheme of ['light', 'dark'] as const) {
  test(`in ${colorScheme}, every text stands out, every control has a name, and nothing moves for who wants that`, async (t) => {
    const options = { colorScheme, reducedMotion: 'reduce' } as const;
    await withPage(t, '', (at, page) => looksAtAll(at, page), options);
  });
}

async function looksAtAll(at: Scene, page: Page): Promise<void> {
  for (const connection of [WIKI, MAIL]) await steer('resume', connection);
  await makeLetters(at, MAIL);
  await steer('pause', CRM);
  await at.producer.post({ connection: CRM, items: ['page-1'], count: 4 });
  await at.system.emulator.behave({ ...MENDED, script: [{ status: 403, times: 50, body: {} }] });
  await at.producer.post({ connection: WIKI, items: ['page-1'], count: 2 });
  await page.locator('.summary-stuck').waitFor();
  const letters = `#/connections/${MAIL}/dead-letters`;
  // What is only there once the view is: the one before stays for a moment.
  const views = [
    ['#/', 'table.connections tbody tr'],
    [`#/connections/${WIKI}?item=page-1`, '.explanation li'],
    [letters, 'table.letters tbody tr'],
    [`${letters}?state=dead`, 'form.filter a'],
  ] as const;
  for (const [view, sign] of views) {
    await page.evaluate(`location.hash = '${view}'`);
    await page.locator(sign).first().waitFor();
    const { seen, pale } = await paleTexts(page);
    assert.ok(seen > 20, `${view}: ${seen} texts`);
    assert.deepEqual(pale, [], view);
    assert.deepEqual(await namelessControls(page), [], view);
    assert.equal(await page.evaluate('document.getAnimations().length'), 0, view);
  }
  await page.locator('table.letters tbody tr').first().waitFor();
  await tabTo(page, /^Show /);
  await page.keyboard.press('Enter');
  await page.locator('dialog pre').waitFor();
  assert.deepEqual((await paleTexts(page)).pale, []);
  await page.keyboard.press('Escape');
  at.system.redis.pause();
  try {
    await page.getByRole('alert').waitFor();
    assert.deepEqual((await paleTexts(page)).pale, []);
  } finally {
    at.system.redis.resume();
  }
  await page.getByRole('alert').waitFor({ state: 'detached' });
  await at.system.emulator.behave(MENDED);
  for (const connection of [CRM, WIKI]) await steer('resume', connection);
  await drained(at.system, [CRM, WIKI], SEEN_WITHIN_MS);
}
