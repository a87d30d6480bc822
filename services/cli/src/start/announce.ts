/* What is printed once everything runs, and the file with the addresses for other programs. */
import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import type { Addresses } from '../launch/fleet.ts';
import type { StartPlan } from './start-plan.ts';

export function describeAddresses(addresses: Addresses, plan: StartPlan, cwd: string, now: Date): string {
  const dataDir = shorten(plan.dataDir, cwd);
  const redisNote = plan.redis.kind === 'embedded' ? `data in ${join(dataDir, 'redis')}` : 'from REDIS_URL';
  const rows: readonly (readonly [string, string, string])[] = [
    ['intake', addresses.intake, 'POST activities here'],
    ...(addresses.console === null
      ? []
      : [['console', addresses.console, 'open it in a browser: see and steer everything'] as const]),
    ...(addresses.emulator === null
      ? []
      : [['emulator', addresses.emulator, 'stands in for Microsoft Graph'] as const]),
    ...addresses.workers.map((url, n) => [`worker ${n + 1}`, url, 'health and metrics'] as const),
    ['redis', withoutCredentials(addresses.redis), redisNote],
    ['logs', join(dataDir, 'logs'), ''],
  ];
  const width = Math.max(...rows.map(([, url]) => url.length));
  const table = rows.map(([name, url, note]) => `  ${name.padEnd(9)} ${url.padEnd(width)}  ${note}`.trimEnd());
  const graph = plan.emulated ? 'the emulated Microsoft Graph' : 'the real Microsoft Graph';
  return [
    `Sluice runs and delivers to ${graph}. Ctrl-C stops it.`,
    '',
    ...table,
    '',
    plan.keyed
      ? 'Who asks has to show a key (SLUICE_API_KEY here and for npx sluice).'
      : 'No keys are set: only this machine may ask, and everybody on it may do everything.',
    '',
    'Try it:',
    '',
    makeCurl(addresses.intake, plan, now),
    '',
  ].join('\n');
}

export function writeAddresses(dataDir: string, addresses: Addresses): void {
  const path = addressesFile(dataDir);
  const text = { pid: process.pid, ...addresses, redis: withoutCredentials(addresses.redis) };
  writeFileSync(`${path}.new`, `${JSON.stringify(text, null, 2)}\n`);
  renameSync(`${path}.new`, path);
}

/** Addresses of what no longer runs would only mislead. */
export function removeAddresses(dataDir: string): void {
  rmSync(addressesFile(dataDir), { force: true });
}

function addressesFile(dataDir: string): string {
  return join(dataDir, 'addresses.json');
}

/** One line, so that it survives copying; at column 0, for the same reason. */
function makeCurl(intake: string, plan: StartPlan, now: Date): string {
  const activity = {
    type: 'viewed',
    startDateTime: now.toISOString(),
    performedBy: { type: 'user', id: '2c9a5a86-1f4d-4c2e-9f6b-8d1e0c7b3a55' },
  };
  const url = `${intake}/v1/connections/${plan.exampleConnection}/items/welcome/activities`;
  const key = plan.keyed ? `-H "authorization: Bearer $SLUICE_API_KEY" ` : '';
  return `curl -i ${url} ${key}-H 'content-type: application/json' -d '${JSON.stringify(activity)}'`;
}

function withoutCredentials(url: string): string {
  return url.replace(/\/\/[^/]*@/, '//');
}

function shorten(path: string, cwd: string): string {
  const short = relative(cwd, path);
  return short === '' || short.startsWith('..') ? path : short;
}
