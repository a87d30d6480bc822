/* A real Chromium for tests: the machine's own, because none is downloaded. `npm test` installs it where it may. */
import { spawnSync } from 'node:child_process';
import { type Browser, chromium, type Page } from 'playwright-core';

/** A page, and what it said that it should not have: errors of scripts and of the policy. */
export interface OpenPage {
  readonly page: Page;
  readonly said: readonly string[];
}

/** Enough for a busy machine: every wait is for something that is to be seen. */
const SEEN_WITHIN_MS = 30_000;

export const NO_BROWSER = 'there is no chromium on PATH; as root on Debian, npm test installs it';

export function findBrowser(): string | null {
  for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
    const { status, stdout } = spawnSync('which', [name], { encoding: 'utf8' });
    if (status === 0) return stdout.trim();
  }
  return null;
}

export function openBrowser(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

export async function openPage(browser: Browser, options: Parameters<Browser['newPage']>[0] = {}): Promise<OpenPage> {
  const page = await browser.newPage({ viewport: { width: 1400, height: 900 }, acceptDownloads: true, ...options });
  page.setDefaultTimeout(SEEN_WITHIN_MS);
  const said: string[] = [];
  page.on('pageerror', (error) => said.push(error.message));
  page.on('dialog', (dialog) => {
    said.push(`a dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('console', (line) => {
    // Requests that fail because a test took something away are said by the browser, too.
    if (line.type() === 'error' && !line.text().includes('net::ERR_') && !/status of (4|5)\d\d/.test(line.text())) {
      said.push(line.text());
    }
  });
  return { page, said };
}
