/*
  What a large Sluice costs its console: a thousand connections, one of them with a million pending activities.

    node test/browser/measure-page.ts

  Prints milliseconds: answers of the API, the page in a browser, and the intake without and with streams open. Not a test:
  figures of a shared machine are no promise.
*/
import { openRedisStore } from '@sluice/store';
import { makeEntries, makePiece, spawnService, startRedis } from '@sluice/testing';
import { findBrowser, NO_BROWSER, openBrowser, openPage } from '../support/open-browser.ts';

const CONNECTIONS = 1000;
const PIECES = 2000;
const ITEMS_A_PIECE = 100;
const ENTRIES_AN_ITEM = 5;
const ITEMS = 100_000;
const ASKED = 20;
const OPENED = 20;
const SAMPLES = 118;
const SAMPLE_APART_MS = 30_000;
const STREAMS = 10;
const LOAD_MS = 8000;
let posted = 0;
const GUID = '11111111-2222-4333-8444-555555555555';

const redis = await startRedis({ appendOnly: true });
const store = openRedisStore({ url: redis.url, role: 'worker', onError: () => {} });
await fill();
await fillCharts();
const env = { REDIS_URL: redis.url, GRAPH_TENANT_ID: GUID, GRAPH_CLIENT_ID: GUID, GRAPH_CLIENT_SECRET: 'any' };
const operators = await spawnService({ service: 'console', env });
const intake = await spawnService({ service: 'intake', env });
try {
  const big = '/api/v1/connections/big';
  for (const path of ['/api/v1/connections', big, `${big}/items`, `${big}/items/item-77`, `${big}/history`, '/']) {
    await measure(
      `GET ${path}`,
      ASKED,
      async () => void (await (await fetch(`${operators.url}${path}`)).arrayBuffer()),
    );
  }
  await measure('intake, 50 activities a request, nobody looks', null, post);
  const { times } = (await (await fetch(`${operators.url}${big}/history`)).json()) as { times: readonly number[] };
  console.log(`charts of ${times.length} samples`);
  const streams = new AbortController();
  for (let n = 0; n < STREAMS; n++) void readStream(streams.signal);
  await measure(`intake, ${STREAMS} pages open`, null, post);
  streams.abort();
  await measurePage();
} finally {
  await operators.kill('SIGKILL');
  await intake.kill('SIGKILL');
  await store.close();
  await redis.stop();
}

async function fill(): Promise<void> {
  let sequence = 0;
  for (let n = 1; n < CONNECTIONS; n++) {
    const groups = [{ itemId: 'a', entries: makeEntries(5) }];
    await store.append(makePiece({ connectionId: `con${n}`, sequence: ++sequence, groups }));
  }
  for (let piece = 0; piece < PIECES; piece++) {
    const groups = Array.from({ length: ITEMS_A_PIECE }, (_, n) => ({
      itemId: `item-${(piece * ITEMS_A_PIECE + n) % ITEMS}`,
      entries: makeEntries(ENTRIES_AN_ITEM, { from: piece * ENTRIES_AN_ITEM }),
    }));
    await store.append(makePiece({ connectionId: 'big', sequence: ++sequence, pendingMax: 5_000_000, groups }));
  }
}

/** An hour as consoles share it, so that the charts have something to draw. */
async function fillCharts(): Promise<void> {
  const series = ['pending', 'oldestSeconds', 'appendedPerSecond', 'deliveredPerSecond'];
  const nowMs = Date.now();
  for (let n = SAMPLES; n > 0; n--) {
    const of = Object.fromEntries(
      ['big', ...Array.from({ length: CONNECTIONS - 1 }, (_, m) => `con${m + 1}`)].map((id) => [
        id,
        [n * 1000, n, n % 7, n % 5],
      ]),
    );
    await store.keepFleetSample({ text: JSON.stringify({ at: nowMs - n * SAMPLE_APART_MS, series, of }), apartMs: 0 });
  }
}

/** So many times, or as often as it can be in LOAD_MS. */
async function measure(what: string, times: number | null, once: () => Promise<void>): Promise<void> {
  const taken: number[] = [];
  const until = performance.now() + LOAD_MS;
  while (times === null ? performance.now() < until : taken.length < times) {
    const begun = performance.now();
    await once();
    taken.push(performance.now() - begun);
  }
  taken.sort((a, b) => a - b);
  const at = (share: number) => taken[Math.min(taken.length - 1, Math.floor(taken.length * share))]!.toFixed(1);
  console.log(`${what}: median ${at(0.5)}, p99 ${at(0.99)} ms of ${taken.length}`);
}

async function post(): Promise<void> {
  const activities = Array.from({ length: 50 }, () => {
    posted += 1;
    const startDateTime = new Date(1_767_225_600_000 + posted).toISOString();
    return { itemId: `new-${posted % 500}`, type: 'viewed', startDateTime, performedBy: { type: 'user', id: GUID } };
  });
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ activities });
  const response = await fetch(`${intake.url}/v1/connections/con1/activities`, { method: 'POST', headers, body });
  await response.arrayBuffer();
  if (response.status !== 202) throw new Error(`the intake answered ${response.status}`);
}

async function readStream(signal: AbortSignal): Promise<void> {
  try {
    const { body } = await fetch(`${operators.url}/api/v1/events`, { signal });
    for await (const _ of body!) {
      // Read, as a page would.
    }
  } catch {
    // Aborted: the measurement is over.
  }
}

async function measurePage(): Promise<void> {
  const executablePath = findBrowser();
  if (executablePath === null) return console.log(NO_BROWSER);
  const browser = await openBrowser(executablePath);
  const { page } = await openPage(browser);
  await page.goto(`${operators.url}/`);
  await measure('the overview of 1,000 connections, from nothing to its rows', OPENED, async () => {
    await page.goto(`${operators.url}/?${Math.random()}`);
    await page.locator('table.connections tbody tr').first().waitFor();
  });
  await measure('the connection with 1,000,000 pending, from the overview to its items', OPENED, async () => {
    await page.goto(`${operators.url}/#/`);
    await page.getByRole('searchbox').fill('big');
    await page.locator('tbody').getByRole('link', { name: 'big', exact: true }).click();
    await page.getByRole('region', { name: 'Oldest items' }).getByRole('row').nth(1).waitFor();
  });
  await measure(
    'the connection with 1,000,000 pending, by its address, from nothing to its items',
    OPENED,
    async () => {
      await page.goto(`${operators.url}/?${Math.random()}#/connections/big`);
      await page.getByRole('region', { name: 'Oldest items' }).getByRole('row').nth(1).waitFor();
    },
  );
  await browser.close();
}
