/* The page of the console in a real browser, over a whole system: what it shows is what is, and its buttons do what they say. */
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, type TestContext, test } from 'node:test';
import { eventually, type Service, spawnService } from '@sluice/testing';
import type { Browser, Page } from 'playwright-core';
import { drained, readBooks } from '../support/conservation.ts';
import { type ConsoleClient, consoleClient } from '../support/console-client.ts';
import { findBrowser, NO_BROWSER, type OpenPage, openBrowser, openPage } from '../support/open-browser.ts';
import { type Producer, startProducer } from '../support/producer.ts';
import { type System, startSystem } from '../support/start-system.ts';

const CONNECTION = 'wiki';
const NAUGHTY = {
  code: '"><img src=x onerror=alert(1)>',
  message: "<script>alert('x')</script> \u202Eevil\u202C 'quoted' & {{7*7}}",
};
const MENDED = { rate: null, concurrency: null, latencyMs: [1, 3] };
const REFUSING = { ...MENDED, shares: { 207: 1 }, entryError: { code: 'invalidRequest', message: 'no' } };
const SEEN_WITHIN_MS = 30_000;
/** In the page: what a card shows of a cell that says what it is, above its value, where a head would be too far away. */
const UNTITLED = `[...document.querySelectorAll('td[data-title]')]
  .filter((cell) => getComputedStyle(cell, '::before').content !== JSON.stringify(cell.dataset.title))
  .map((cell) => cell.dataset.title)`;
/** In the page: what is wider than its place. */
const BEYOND_THE_EDGE = `[document.documentElement, ...document.querySelectorAll('.scroll, table, .card')]
  .filter((element) => element.scrollWidth > element.clientWidth)
  .map((element) => element.className + ' ' + element.tagName + ' ' + element.scrollWidth + ' > ' + element.clientWidth)`;

interface Scene {
  readonly system: System;
  readonly browser: Browser;
  readonly producer: Producer;
  console: Service;
  operator: ConsoleClient;
}

let scene: Scene | null = null;
before(async () => {
  const executablePath = findBrowser();
  if (executablePath === null) return;
  const system = await startSystem({ behavior: MENDED });
  const console = await spawnService({ service: 'console', env: system.env });
  scene = {
    system,
    browser: await openBrowser(executablePath),
    producer: startProducer(() => [system.intakes[0]!.url!]),
    console,
    operator: consoleClient(console.url!),
  };
});
after(async () => {
  await scene?.browser.close();
  await scene?.console.kill('SIGKILL');
  await scene?.system.stop();
});

/** A fresh page at this address, which in the end must not have said anything it should not. */
async function withPage(
  t: TestContext,
  hash: string,
  use: (scene: Scene, opened: OpenPage) => Promise<void>,
): Promise<void> {
  if (scene === null) return t.skip(NO_BROWSER);
  const opened = await openPage(scene.browser);
  try {
    await opened.page.goto(`${scene.console.url}/${hash}`);
    await use(scene, opened);
    assert.deepEqual(opened.said, []);
  } finally {
    await opened.page.close();
  }
}

const items = (count: number, name = 'page') => Array.from({ length: count }, (_, n) => `${name}-${n}`);
const rowOf = (page: Page, connectionId = CONNECTION) =>
  page.locator('table.connections tbody tr').filter({ hasText: connectionId });
const tileOf = (page: Page, label: string) =>
  page
    .locator('.tile')
    .filter({ has: page.locator('dt', { hasText: new RegExp(`^${label}$`) }) })
    .locator('b');

async function sees(what: string, look: () => Promise<boolean>): Promise<void> {
  await eventually(async () => ((await look()) ? true : null), { withinMs: SEEN_WITHIN_MS, what });
}

async function makeDeadLetters({ system, producer }: Scene, entryError: object, atLeast: number): Promise<number> {
  await system.emulator.behave({ ...REFUSING, entryError });
  const client = consoleClient(scene!.console.url!);
  for (let round = 0; round < 20; round++) {
    await producer.post({ connection: CONNECTION, items: items(10), count: 60 });
    await drained(system, [CONNECTION], SEEN_WITHIN_MS);
    if ((await client.list(CONNECTION)).length >= atLeast) break;
  }
  await system.emulator.behave(MENDED);
  const kept = (await client.list(CONNECTION)).length;
  assert.ok(kept >= atLeast, `${kept} dead letters`);
  return kept;
}

test('what the page shows is what the ledger, the API and the series say', (t) =>
  withPage(t, '', async ({ system, producer, operator }, { page }) => {
    await page.getByText('No connection. One appears here with its first activity.').waitFor();
    await producer.post({ connection: CONNECTION, items: items(30), count: 500 });
    await drained(system, [CONNECTION], SEEN_WITHIN_MS);
    const { lines } = await readBooks(system);
    assert.equal(lines.length, 500);
    await rowOf(page).getByText('idle: nothing is waiting').waitFor();
    assert.equal(await page.getByRole('heading', { name: 'Nothing is stuck' }).isVisible(), true);
    await rowOf(page).getByRole('link', { name: CONNECTION }).click();
    await sees(
      'delivered is that of the ledger',
      async () => (await tileOf(page, 'Delivered').textContent()) === '500',
    );
    const { body } = await operator.ask(`/api/v1/connections/${CONNECTION}`);
    assert.deepEqual([body['delivered'], body['appended'], body['pending']], [500, 500, 0]);
    assert.equal(await tileOf(page, 'Backlog').textContent(), '0');
    const series = await operator.series(CONNECTION);
    assert.equal(series.get('sluice_settle_entries_total{verdict="delivered"}'), 500);
    await page.locator('.chart canvas').nth(3).waitFor();
  }));

test('a connection is paused and resumed by clicking and by keyboard, and the state is said in words', (t) =>
  withPage(t, '', async ({ system, producer, operator }, { page }) => {
    const stateOf = async () => (await operator.ask(`/api/v1/connections/${CONNECTION}`)).body['state'];
    await rowOf(page)
      .getByRole('button', { name: `Pause: ${CONNECTION}` })
      .click();
    await rowOf(page).getByText('paused by an operator').waitFor();
    assert.equal(await stateOf(), 'paused');
    await producer.post({ connection: CONNECTION, items: items(7, 'later'), count: 42 });
    await sees('the backlog grows', async () => (await rowOf(page).locator('td.strong').textContent()) === '42');
    await page.getByRole('heading', { name: 'Nothing is stuck, but 1 connection falls behind' }).waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('WIK');
    const resume = rowOf(page).getByRole('button', { name: `Resume: ${CONNECTION}` });
    await resume.focus();
    await page.keyboard.press('Enter');
    await drained(system, [CONNECTION], SEEN_WITHIN_MS);
    await rowOf(page).getByText('idle: nothing is waiting').waitFor();
    await page.keyboard.press('/');
    await page.keyboard.type('x');
    await page.getByText('No connection is like that.').waitFor();
  }));

test('a refused credential is told with its remedy, and the hold is released by a click once it is mended', (t) =>
  withPage(t, '', async ({ system, producer, operator }, { page }) => {
    await system.emulator.behave({
      ...MENDED,
      script: [{ status: 403, body: { error: { code: 'accessDenied', message: NAUGHTY.message } } }],
    });
    await producer.post({ connection: CONNECTION, items: items(1), count: 5 });
    await page.getByRole('heading', { name: '1 connection is stuck' }).waitFor();
    await rowOf(page).getByText('held: a permission is missing (403)').waitFor();
    await page.locator('.summary').getByText('ExternalItem.ReadWrite.OwnedBy').waitFor();
    await page.goto(`${scene!.console.url}/#/connections/${CONNECTION}`);
    const { body } = await operator.ask(`/api/v1/connections/${CONNECTION}`);
    assert.equal(body['urgency'], 'stuck');
    await sees(
      'the reason, as text',
      async () => (await page.locator('.reason code').textContent()) === body['reason'],
    );
    await page.getByRole('button', { name: `Release hold: ${CONNECTION}` }).click();
    await drained(system, [CONNECTION], SEEN_WITHIN_MS);
    await page.locator('.head').getByText('idle: nothing is waiting').waitFor();
    await page.getByRole('region', { name: 'Recent errors' }).getByText('403', { exact: true }).first().waitFor();
  }));

test('a connection that Graph does not know is held, and what waits for it is discarded and it forgotten by clicking', (t) =>
  withPage(t, '', async ({ system, producer, operator }, { page }) => {
    const typo = 'wikki';
    const unknown = { error: { code: 'itemNotFound', message: 'The connection does not exist.' } };
    await system.emulator.behave({
      ...MENDED,
      connections: { [typo]: { script: [{ status: 403, times: 50, body: unknown }] } },
    });
    await producer.post({ connection: typo, items: items(2), count: 7 });
    await page.locator('.summary').getByRole('link', { name: typo }).click();
    await page.getByRole('button', { name: 'Forget …' }).click();
    await page.getByRole('dialog').getByText('7 activities that were accepted are never delivered.').waitFor();
    await page.getByRole('button', { name: 'Cancel' }).click();
    assert.equal((await operator.ask(`/api/v1/connections/${typo}`)).body['pending'], 7, 'nothing happens unconfirmed');
    await page.getByRole('button', { name: 'Forget …' }).click();
    await page.getByRole('button', { name: 'Discard 7 and forget' }).click();
    await page.getByRole('heading', { name: 'Nothing is stuck' }).waitFor();
    await sees('its row is gone', async () => (await rowOf(page, typo).count()) === 0);
    assert.equal((await operator.ask(`/api/v1/connections/${typo}`)).status, 404);
    await system.emulator.behave(MENDED);
  }));

test('an item that is looked up says why its activity is not there, and what its last call was', (t) =>
  withPage(t, `#/connections/${CONNECTION}`, async ({ system, producer, operator }, { page }) => {
    await page.getByRole('button', { name: `Pause: ${CONNECTION}` }).click();
    await page.getByText('paused by an operator').waitFor();
    await producer.post({ connection: CONNECTION, items: ['looked-up'], count: 3 });
    await page.getByLabel('Item id').fill('looked-up');
    await page.getByLabel('Item id').press('Enter');
    await page.getByText('3 wait for a call: the connection is paused by an operator.').waitFor();
    await page.getByRole('region', { name: 'Fullest items' }).getByRole('link', { name: 'looked-up' }).waitFor();
    await page.getByRole('button', { name: `Resume: ${CONNECTION}` }).click();
    await drained(system, [CONNECTION], SEEN_WITHIN_MS);
    await page.getByText(/^Nothing of this item is pending\. Its last call was .* and delivered 3\.$/).waitFor();
    const { body } = await operator.ask(`/api/v1/connections/${CONNECTION}/items/looked-up`);
    const { requestId, leaseId } = body['lastCall'] as { requestId: string; leaseId: string };
    assert.ok((await page.locator('.lookup').textContent())?.includes(requestId));
    assert.ok((await system.emulator.calls()).some((call) => call.clientRequestId === leaseId));
  }));

test('naughty strings in errors, ids and addresses show as text, and run nothing', (t) =>
  withPage(t, '', async (at, { page, said }) => {
    await makeDeadLetters(at, NAUGHTY, 1);
    const [letter] = await at.operator.list(CONNECTION);
    await page.goto(`${at.console.url}/#/connections/${CONNECTION}/dead-letters`);
    const row = page.locator('table.letters tbody tr').first();
    await row.waitFor();
    assert.equal(await row.locator('td code').first().textContent(), letter!.code);
    assert.equal(await row.locator('td bdi').first().textContent(), letter!.message);
    assert.ok(letter!.message.includes('<script>'), letter!.message);
    await row.getByRole('button').click();
    await page.locator('dialog pre').waitFor();
    assert.ok((await page.locator('dialog pre').textContent())?.includes(JSON.stringify(letter!.code)));
    await page.keyboard.press('Escape');
    await page.locator('dialog').waitFor({ state: 'detached' });
    for (const name of ['<img src=x onerror=alert(1)>', '../../x', '%00', "a'b"]) {
      await page.goto(`${at.console.url}/#/connections/${encodeURIComponent(name)}`);
      await page.getByText('nothing was ever accepted for it').waitFor();
      assert.equal(await page.locator('.empty b').textContent(), name);
    }
    assert.equal(await page.locator('main img, main script').count(), 0);
    assert.deepEqual(said, []);
  }));

test('on a narrow screen nothing lies beyond the edge, and everything can be read and clicked', (t) =>
  withPage(t, '', async (at, { page }) => {
    const kept = await makeDeadLetters(at, NAUGHTY, 3);
    await page.setViewportSize({ width: 390, height: 800 });
    const beyond = () => page.evaluate(BEYOND_THE_EDGE);
    const views = ['', `connections/${CONNECTION}?item=page-1`, `connections/${CONNECTION}/dead-letters`];
    for (const view of views) {
      await page.goto(`${at.console.url}/#/${view}`);
      await page.locator('table tbody tr').first().waitFor();
      await sees(`${view}: all of it is within the edge`, async () => {
        assert.deepEqual(await beyond(), []);
        return true;
      });
      assert.deepEqual(await page.evaluate(UNTITLED), [], `${view}: each value says what it is`);
      const heads = page.locator('.cards:not(.letters) thead');
      for (const head of await heads.all()) assert.equal(await head.isVisible(), false, `${view}: heads of columns`);
    }
    await page.goto(`${at.console.url}/#/`);
    await rowOf(page)
      .getByRole('button', { name: `Pause: ${CONNECTION}` })
      .click();
    await rowOf(page)
      .getByRole('button', { name: `Resume: ${CONNECTION}` })
      .click();
    await rowOf(page).getByText('idle: nothing is waiting').waitFor();
    await page.goto(`${at.console.url}/#/connections/${CONNECTION}/dead-letters`);
    await page.getByLabel('Select all on this page').check();
    await page.getByRole('button', { name: `Discard ${Math.min(kept, 100)} selected` }).click();
    await page.locator('dialog').getByRole('button', { name: 'Discard' }).click();
    await page.getByText(`${Math.min(kept, 100)} discarded`).waitFor();
  }));

test('dead letters are filtered, exported, replayed and discarded by clicking, with progress, and the ledger agrees', (t) =>
  withPage(t, '', async (at, { page }) => {
    const { system, operator } = at;
    const kept = await makeDeadLetters(at, { code: 'invalidRequest', message: 'no' }, 30);
    const appended = (await readBooks(system)).lines.length;
    const [first] = await operator.list(CONNECTION);
    await page.goto(`${at.console.url}/#/connections/${CONNECTION}/dead-letters`);
    const rows = page.locator('table.letters tbody tr');
    await rows.first().waitFor();
    assert.equal(await rows.count(), Math.min(kept, 100));

    const download = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Export as NDJSON' }).click();
    const lines = (await readFile(await (await download).path(), 'utf8')).trimEnd().split('\n');
    const letters = await operator.list(CONNECTION);
    assert.deepEqual(
      lines.map((line) => JSON.parse(line)),
      letters.map(({ itemId, activity }) => ({ itemId, ...activity })),
    );
    await page.getByText(`${kept} exported`).waitFor();
    await page.getByRole('button', { name: 'Close' }).click();

    await page.getByLabel('Item', { exact: true }).fill(first!.itemId);
    await page.getByRole('button', { name: 'Filter' }).click();
    const ofItem = letters.filter((letter) => letter.itemId === first!.itemId).length;
    await sees('only those of the item', async () => (await rows.count()) === ofItem);
    await page.getByLabel(`Select ${first!.id}`).check();
    await page.getByRole('button', { name: 'Discard 1 selected' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Discard' }).click();
    await page.getByText('1 discarded').waitFor();
    assert.equal((await operator.list(CONNECTION)).length, kept - 1);

    await page.getByRole('link', { name: 'Clear' }).click();
    await page.getByRole('button', { name: 'Close' }).click();
    await page.getByRole('button', { name: 'Replay all that match' }).click();
    await page.locator('dialog').getByRole('button', { name: 'Replay' }).click();
    await page.getByText(`${kept - 1} replayed`).waitFor();
    await page.getByText('None is kept that matches.').waitFor();
    await drained(system, [CONNECTION], SEEN_WITHIN_MS);
    assert.equal((await readBooks(system)).lines.length, appended + kept - 1);
  }));

test('the queues are shown read-only, under the line that says that they are not the backlog', (t) =>
  withPage(t, 'queues/', async (at, { page, said }) => {
    await page.getByText('These are wake-ups, not activities').waitFor();
    await page.getByText('sweep', { exact: true }).first().waitFor();
    await page.getByRole('link', { name: 'the backlog is on the overview' }).click();
    await page.getByRole('heading', { name: 'Nothing is stuck' }).waitFor();
    for (const path of [
      '/queues/api/queues/drain/pause',
      '/queues/api/queues/drain/empty',
      '/queues/api/queues/pause',
    ]) {
      const { status } = await fetch(`${at.console.url}${path}`, { method: 'PUT' });
      assert.ok(status === 404 || status === 405, `${path}: ${status}`);
    }
    // bull-board names its base in a way that the policy does not allow and that it does not need.
    (said as string[]).splice(0, said.length, ...said.filter((text) => !text.includes("base-uri 'none'")));
  }));

test('a Redis that is away and a console that is away are each said plainly, and the page goes on by itself', (t) =>
  withPage(t, '', async (at, { page }) => {
    const { system } = at;
    await rowOf(page).waitFor();
    system.redis.pause();
    try {
      await page.getByText('The console answers, but Redis has not since').waitFor();
      await page.getByText('may no longer be true').waitFor();
    } finally {
      system.redis.resume();
    }
    await page.getByRole('alert').waitFor({ state: 'detached' });
    const port = new URL(at.console.url!).port;
    const historyOf = async () => (await at.operator.ask(`/api/v1/connections/${CONNECTION}/history`)).body;
    const { since } = await historyOf();
    await at.console.kill('SIGKILL');
    await page.getByText('The console has not answered since').waitFor();
    await page.getByRole('status').getByText('connection lost').waitFor();
    at.console = await spawnService({ service: 'console', env: { ...system.env, PORT: port } });
    await page.getByRole('alert').waitFor({ state: 'detached' });
    await page.getByRole('status').getByText('live').waitFor();
    await sees(
      'its charts go on where those of the one before were',
      async () => (await historyOf())['since'] === since,
    );
  }));
