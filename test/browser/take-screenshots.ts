/*
  The pictures of the README: a system with a connection in every state, left to run for a while, seen in light and dark.

    node test/browser/take-screenshots.ts [SECONDS]

  Writes docs/images. Not a test: nobody can say by a program whether a page looks right, so look at them.
*/
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { spawnService } from '@sluice/testing';
import type { Browser } from 'playwright-core';
import { findBrowser, NO_BROWSER, openBrowser, openPage } from '../support/open-browser.ts';
import { startProducer } from '../support/producer.ts';
import { startSystem } from '../support/start-system.ts';

const FOLDER = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const FORBIDDEN = { error: { code: 'accessDenied', message: 'Insufficient privileges to complete the operation.' } };
const SCRIPTED = Array.from({ length: 200 }, () => ({ status: 403, headers: {}, body: FORBIDDEN, apply: false }));
const BEHAVIOR = {
  seed: 7,
  rate: 40,
  latencyMs: [40, 160],
  shares: { 207: 0.04, 503: 0.004 },
  entryError: { code: 'invalidRequest', message: 'The user cannot be found in the directory.' },
  connections: {
    tickets: { rate: 9 },
    mail: { rate: 2 },
    contracts: { script: SCRIPTED },
  },
};
/** Connection, how many items, activities a second. */
const TRAFFIC: readonly (readonly [connection: string, items: number, perSecond: number])[] = [
  ['people', 120, 60],
  ['tickets', 900, 140],
  ['wiki', 40, 35],
  ['contracts', 25, 3],
  ['mail', 60, 30],
  ['archive', 30, 4],
  ['crm', 12, 0],
];

const executablePath = findBrowser();
if (executablePath === null) throw new Error(NO_BROWSER);
const seconds = Number(process.argv[2] ?? 150);
const system = await startSystem({
  behavior: BEHAVIOR,
  env: { SLUICE_LINGER_MS: '1000', SLUICE_RATE_INITIAL: '20' },
});
const console = await spawnService({ service: 'console', env: system.env });
const browser = await openBrowser(executablePath);
try {
  const traffic = startTraffic();
  await sleep(seconds * 1000);
  mkdirSync(FOLDER, { recursive: true });
  await take(browser, { name: 'overview-light', hash: '', height: 880 });
  await take(browser, { name: 'overview-dark', hash: '', height: 880 });
  await take(browser, { name: 'connection-dark', hash: '#/connections/people', height: 1010 });
  await take(browser, { name: 'dead-letters-light', hash: '#/connections/people/dead-letters', height: 560 });
  await traffic.stop();
} finally {
  await browser.close();
  await console.kill('SIGKILL');
  await system.stop();
}

/** Goes on while pictures are taken: nothing is idle in them. */
function startTraffic(): { readonly stop: () => Promise<void> } {
  let isOver = false;
  const ended = run(() => isOver);
  return {
    stop: () => {
      isOver = true;
      return ended;
    },
  };
}

async function run(isOver: () => boolean): Promise<void> {
  const producer = startProducer(() => [system.intakes[0]!.url!]);
  const post = (connection: string, items: number, count: number) =>
    producer.post({ connection, items: Array.from({ length: items }, (_, n) => `${connection}-${n}`), count });
  await post('crm', 12, 200);
  for (let second = 0; !isOver(); second++) {
    // Traffic has its tides.
    const tide = 0.7 + 0.5 * Math.sin(second / 12);
    for (const [connection, items, perSecond] of TRAFFIC) {
      const count = Math.round(perSecond * tide);
      if (count > 0) await post(connection, items, count);
    }
    if (second === 20) await fetch(`${console.url}/api/v1/connections/archive/pause`, { method: 'POST' });
    await sleep(1000);
  }
}

interface Picture {
  /** Its last word is the theme. */
  readonly name: string;
  readonly hash: string;
  readonly height: number;
}

async function take(from: Browser, { name, hash, height }: Picture): Promise<void> {
  const colorScheme = name.endsWith('-dark') ? 'dark' : 'light';
  const { page, said } = await openPage(from, { viewport: { width: 1280, height }, colorScheme });
  await page.goto(`${console.url}/${hash}`);
  await page.locator('table').first().waitFor();
  await sleep(2500);
  if (said.length > 0) throw new Error(said.join('\n'));
  const path = `${FOLDER}${name}.png`;
  await page.screenshot({ path });
  // Half the size or less where it is installed; to the eye the same.
  spawnSync('pngquant', ['--force', '--ext', '.png', '--skip-if-larger', path]);
  await page.close();
}
