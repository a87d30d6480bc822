import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { eventually } from '@sluice/testing';
import { isRunning } from '../../src/launch/is-running.ts';
import type { ServicePlan, ServiceRole, StartPlan } from '../../src/start/start-plan.ts';

const FAKE_SERVICE = new URL('fake-service.ts', import.meta.url);
const LAUNCHER = fileURLToPath(new URL('launch-fakes.ts', import.meta.url));
export const READY_MS = 30_000;

/** A data folder with one fake for each name; removed when the test is over. */
export function makeFolder(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-launch-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export function makePlan(folder: string, parts: Partial<StartPlan> = {}): StartPlan {
  return {
    dataDir: folder,
    redis: { kind: 'embedded', port: 0 },
    services: (['emulator', 'intake', 'worker-1', 'worker-2'] as const).map((name) => makeService(folder, name)),
    emulated: true,
    producer: null,
    exits: false,
    logsShown: false,
    shutdownMs: 3000,
    exampleConnection: 'demo',
    keyed: false,
    ...parts,
  };
}

export function makeService(folder: string, name: string, port = 0): ServicePlan {
  const entryFile = join(folder, `${name}.ts`);
  writeFileSync(entryFile, `import '${FAKE_SERVICE.href}';\n`);
  return { name, role: name.split('-')[0] as ServiceRole, entryFile, port, portSetting: `--${name}-port` };
}

export interface Launched {
  readonly child: ChildProcess;
  readonly exited: Promise<number | null>;
  out(): string;
  err(): string;
  addresses(): Promise<Addresses>;
  /** What happened to the fakes, in order: "run intake", "end intake". */
  happened(): readonly string[];
  /** Process ids of everything this launcher has started so far, Redis and guard included. */
  pids(): readonly number[];
  /** The process id of a service, by its name, or of redis. */
  pidOf(name: string): number;
}

export interface Addresses {
  readonly intake: string;
  readonly emulator: string;
  readonly workers: readonly string[];
  readonly redis: string;
}

export function launch(t: TestContext, plan: StartPlan, env: Readonly<Record<string, string>> = {}): Launched {
  const child = spawn(process.execPath, [LAUNCHER, JSON.stringify(plan)], { env: { ...process.env, ...env } });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const exited = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const file = join(plan.dataDir, 'addresses.json');
  const read = (name: string) => readFileSync(join(plan.dataDir, name), 'utf8');
  const lines = () => (existsSync(join(plan.dataDir, 'happened')) ? read('happened').trim().split('\n') : []);
  t.after(async () => {
    child.kill('SIGKILL');
    await exited;
  });
  return {
    child,
    exited,
    out: () => out,
    err: () => err,
    async addresses() {
      await eventually(() => existsSync(file) || child.exitCode !== null, { withinMs: READY_MS, what: 'it runs' });
      if (child.exitCode !== null) throw new Error(`The launcher ended with ${child.exitCode}:\n${out}\n${err}`);
      return JSON.parse(readFileSync(file, 'utf8'));
    },
    happened: () => lines().map((line) => line.split(' ').slice(0, 2).join(' ')),
    pids() {
      const services = lines().map((line) => Number(line.split(' ')[2]));
      const lock = existsSync(join(plan.dataDir, 'launcher.lock')) ? JSON.parse(read('launcher.lock')) : {};
      return [...services, redisPid(), lock.guard?.pid ?? 0].filter((pid) => pid > 0);
    },
    pidOf(name) {
      if (name === 'redis') return redisPid();
      const line = lines().findLast((each) => each.startsWith(`run ${name} `));
      return Number(line?.split(' ')[2]);
    },
  };
  function redisPid(): number {
    return Number(/^(\d+):[MC] /m.exec(read('logs/redis.log'))?.[1] ?? 0);
  }
}

export async function waitUntilGone(pids: readonly number[], withinMs: number): Promise<void> {
  await eventually(() => pids.every((pid) => !isRunning(pid)), { withinMs, what: `processes ${pids} are gone` });
}
