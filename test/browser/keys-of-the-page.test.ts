/* The page where keys are set: nothing is seen without one, a session acts as its key may, and a thousand connections are no trouble. */
import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { openRedisStore } from '@sluice/store';
import { makeEntries, makePiece, type RedisServer, type Service, spawnService, startRedis } from '@sluice/testing';
import type { Browser, Page } from 'playwright-core';
import { findBrowser, NO_BROWSER, openBrowser, openPage } from '../support/open-browser.ts';
import { runSluice } from '../support/run-sluice.ts';

const CONNECTIONS = 1000;
const GRAPH = {
  GRAPH_TENANT_ID: '11111111-2222-4333-8444-555555555555',
  GRAPH_CLIENT_ID: '11111111-2222-4333-8444-555555555556',
  GRAPH_CLIENT_SECRET: 'any',
};

interface Scene {
  readonly redis: RedisServer;
  readonly folder: string;
  readonly console: Service;
  readonly browser: Browser;
  readonly keys: Readonly<Record<'ops' | 'looker' | 'some', string>>;
}

let scene: Scene | null = null;
before(async () => {
  const executablePath = findBrowser();
  if (executablePath === null) return;
  const [redis, folder] = [await startRedis(), await mkdtemp(join(tmpdir(), 'sluice-page-'))];
  const file = join(folder, 'keys.json');
  const makeKey = async (name: string, scope: string, connections: string) => {
    const asked = ['keys', 'create', '--name', name, '--scope', scope, '--connections', connections];
    const { out, code, err } = await runSluice([...asked, '--file', file, '--json'], {});
    assert.equal(code, 0, err);
    return (JSON.parse(out) as { key: string }).key;
  };
  const keys = {
    ops: await makeKey('ops', 'read,operate', '*'),
    looker: await makeKey('looker', 'read', '*'),
    some: await makeKey('some', 'read', nameOf(3)),
  };
  await fillConnections(redis.url);
  const env = { ...GRAPH, REDIS_URL: redis.url, SLUICE_API_KEYS_FILE: file };
  const console = await spawnService({ service: 'console', env });
  scene = { redis, folder, console, browser: await openBrowser(executablePath), keys };
});
after(async () => {
  await scene?.browser.close();
  await scene?.console.kill('SIGKILL');
  await scene?.redis.stop();
  if (scene !== null) await rm(scene.folder, { recursive: true, force: true });
});

async function fillConnections(url: string): Promise<void> {
  const store = openRedisStore({ url, role: 'worker', onError: () => {} });
  for (let n = 0; n < CONNECTIONS; n++) {
    const groups = [{ itemId: 'a', entries: makeEntries(n === 500 ? 7 : 1) }];
    await store.append(makePiece({ connectionId: nameOf(n), sequence: n + 1, groups }));
  }
  await store.close();
}

const nameOf = (n: number) => `wiki${String(n).padStart(4, '0')}`;
const rows = (page: Page) => page.locator('table.connections tbody tr');

async function withPage(t: TestContext, use: (scene: Scene, page: Page) => Promise<void>): Promise<void> {
  if (scene === null) return t.skip(NO_BROWSER);
  const { page, said } = await openPage(scene.browser);
  try {
    await page.goto(scene.console.url!);
    await use(scene, page);
    assert.deepEqual(said, []);
  } finally {
    await page.close();
  }
}

async function signIn(page: Page, key: string): Promise<void> {
  await page.getByLabel('API key').fill(key);
  await page.getByRole('button', { name: 'Sign in' }).click();
}

test('without a key there is a form and nothing else; with one the page acts, and signing out ends it', (t) =>
  withPage(t, async ({ keys, console }, page) => {
    await page.getByLabel('API key').waitFor();
    assert.equal(await page.locator('table').count(), 0);
    await signIn(page, 'slk_not_a_key');
    await page.getByRole('alert').waitFor();
    await signIn(page, keys.ops);
    await rows(page).first().waitFor();
    await page.getByRole('searchbox').fill(nameOf(500));
    await page.getByRole('button', { name: `Pause: ${nameOf(500)}` }).click();
    await rows(page).getByText('paused by an operator').waitFor();
    const cookies = await page.context().cookies();
    assert.deepEqual(
      cookies.map(({ name, httpOnly, sameSite }) => [name, httpOnly, sameSite]),
      [['sluice_session', true, 'Strict']],
    );
    await page.getByRole('button', { name: 'Sign out ops' }).click();
    await page.getByLabel('API key').waitFor();
    assert.equal(await page.locator('table').count(), 0);
    assert.equal((await page.request.get(`${console.url}/api/v1/connections`)).status(), 401);
  }));

test('a key that may only look sees no button that changes something', (t) =>
  withPage(t, async ({ keys }, page) => {
    await signIn(page, keys.looker);
    await rows(page).first().waitFor();
    assert.equal(await page.getByRole('button', { name: /^(Pause|Resume)/ }).count(), 0);
    await page
      .getByRole('link', { name: nameOf(0), exact: true })
      .first()
      .click();
    await page.getByRole('heading', { name: nameOf(0) }).waitFor();
    assert.equal(await page.getByRole('button', { name: /^(Pause|Resume)/ }).count(), 0);
  }));

test('a key for some connections sees those and no others', (t) =>
  withPage(t, async ({ keys }, page) => {
    await signIn(page, keys.some);
    await rows(page).first().waitFor();
    assert.equal(await rows(page).count(), 1);
    assert.match((await rows(page).first().textContent()) ?? '', new RegExp(nameOf(3)));
    await page.getByText('1 connection', { exact: true }).waitFor();
  }));

test('of a thousand connections each is found, and fifty are drawn', (t) =>
  withPage(t, async ({ keys }, page) => {
    await signIn(page, keys.looker);
    await page.getByText('1–50 of 1000').waitFor();
    assert.equal(await rows(page).count(), 50);
    await page.getByRole('button', { name: 'Next' }).click();
    await page.getByText('51–100 of 1000').waitFor();
    await page.getByRole('searchbox').fill(nameOf(500));
    await rows(page).getByText(nameOf(500)).waitFor();
    assert.equal(await rows(page).count(), 1);
    assert.equal(await rows(page).locator('td.strong').textContent(), '7');
    await page.getByRole('searchbox').fill('');
    await page.getByRole('button', { name: 'Backlog' }).click();
    await rows(page).first().getByText(nameOf(500)).waitFor();
  }));
