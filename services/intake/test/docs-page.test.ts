/* The page to try it, in a real browser: it shows the description, breaks no rule of its policy, and posts an activity. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fixedAccess, testKey } from '@sluice/access/fixed';
import { chromium } from 'playwright-core';
import { openFakeIntake } from './fake-parts.ts';

const SEEN_WITHIN_MS = 60_000;

test('the page shows the API under its own policy, and an activity is posted from it', async (t) => {
  const executablePath = findBrowser();
  if (executablePath === null) return t.skip('there is no chromium on PATH');
  const { server, store } = openFakeIntake();
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage();
    page.setDefaultTimeout(SEEN_WITHIN_MS);
    const said: string[] = [];
    const asked: string[] = [];
    page.on('console', (line) => line.type() === 'error' && said.push(line.text()));
    page.on('pageerror', (error) => said.push(error.message));
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${url}/docs`);
    const operation = page.locator('#operations-activities-postItemActivities');
    await operation.locator('.opblock-summary-control').click();
    await operation.getByRole('button', { name: 'Execute' }).click();
    const answer = operation.locator('.live-responses-table .response-col_status').first();
    await answer.waitFor();
    await page.waitForFunction(
      "document.querySelector('.live-responses-table tbody .response-col_status')?.textContent?.includes('202')",
    );
    assert.equal(store.pieces.length, 1);
    assert.deepEqual(said, []);
    const elsewhere = asked.filter((one) => !one.startsWith(url) && !one.startsWith('data:'));
    assert.deepEqual(elsewhere, []);
  } finally {
    await browser.close();
    await server.app.close();
  }
});

test('with keys the browser asks for one to show the page, and the page for one to send with', async (t) => {
  const executablePath = findBrowser();
  if (executablePath === null) return t.skip('there is no chromium on PATH');
  const keys = [
    { name: 'operator', scopes: ['read'], connections: '*' },
    { name: 'producer', scopes: ['ingest'], connections: '*' },
  ] as const;
  const { server, store } = openFakeIntake({}, { access: fixedAccess(keys), hostsAllowed: 'any' });
  const url = await server.app.listen({ host: '127.0.0.1', port: 0 });
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  try {
    const locked = await browser.newPage();
    assert.equal((await locked.goto(`${url}/docs`).catch(() => null))?.status() ?? 401, 401);
    const context = await browser.newContext({ httpCredentials: { username: 'key', password: testKey(0) } });
    const page = await context.newPage();
    page.setDefaultTimeout(SEEN_WITHIN_MS);
    await page.goto(`${url}/docs`);
    const operation = page.locator('#operations-activities-postItemActivities');
    await operation.locator('.opblock-summary-control').click();
    const send = async (status: string) => {
      await operation.getByRole('button', { name: 'Execute' }).click();
      await page.waitForFunction(
        `document.querySelector('.live-responses-table tbody .response-col_status')?.textContent?.includes('${status}')`,
      );
    };
    await page.locator('.auth-wrapper button.authorize').first().click();
    const dialog = page.locator('.dialog-ux');
    await dialog.locator('input').first().fill(testKey(1));
    await dialog.locator('button.authorize').first().click();
    await dialog.locator('button.btn-done').first().click();
    await send('202');
    assert.equal(store.pieces.length, 1);
  } finally {
    await browser.close();
    await server.app.close();
  }
});

function findBrowser(): string | null {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return null;
}
