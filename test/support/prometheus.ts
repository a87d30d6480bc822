/* A Prometheus of one test, and promtool: Debian's, installed or unpacked into a folder of temporary files. */
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually } from '@sluice/testing';

const run = promisify(execFile);
const UNPACKED = join(tmpdir(), 'sluice-prometheus');
const DOWNLOAD_MS_MAX = 120_000;

export interface Tools {
  readonly prometheus: string;
  readonly promtool: string;
}

/** Why there are none, in a sentence, when they are neither here nor to be had. */
export async function findTools(): Promise<Tools | string> {
  const installed = { prometheus: 'prometheus', promtool: 'promtool' };
  if (await works(installed)) return installed;
  const bin = join(UNPACKED, 'usr', 'bin');
  const unpacked = { prometheus: join(bin, 'prometheus'), promtool: join(bin, 'promtool') };
  if (await works(unpacked)) return unpacked;
  try {
    await unpack();
  } catch (error) {
    const why = String(error instanceof Error ? error.message : error)
      .trim()
      .split('\n')
      .at(-1);
    return `no promtool here, and Debian's package cannot be had: ${why}`;
  }
  return (await works(unpacked))
    ? unpacked
    : `the package of Debian was unpacked, but ${unpacked.promtool} does not run`;
}

async function works({ prometheus, promtool }: Tools): Promise<boolean> {
  try {
    await Promise.all([run(prometheus, ['--version']), run(promtool, ['--version'])]);
    return true;
  } catch {
    return false;
  }
}

/** Downloaded and unpacked, not installed: that needs nobody's leave, and starts no service. */
async function unpack(): Promise<void> {
  await mkdir(UNPACKED, { recursive: true });
  const options = { cwd: UNPACKED, timeout: DOWNLOAD_MS_MAX };
  await run('apt-get', ['-qq', 'download', 'prometheus'], options);
  const file = (await readdir(UNPACKED)).find((name) => name.endsWith('.deb'));
  if (file === undefined) throw new Error('apt-get downloaded nothing');
  await run('dpkg-deb', ['-x', file, '.'], options);
}

export interface Prometheus {
  readonly url: string;
  /** The result of an instant query. */
  query(expression: string): Promise<readonly Result[]>;
  /** `data` of any route of the API. */
  ask(path: string): Promise<unknown>;
  stop(): Promise<void>;
}

export interface Result {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: readonly [number, string];
}

export interface PrometheusOptions {
  readonly tools: Tools;
  /** Addresses, by job. */
  readonly targets: Readonly<Record<string, readonly string[]>>;
  /** The text of a file of rules. */
  readonly rules: string;
}

export async function startPrometheus({ tools, targets, rules }: PrometheusOptions): Promise<Prometheus> {
  const folder = await mkdtemp(join(tmpdir(), 'sluice-prometheus-data-'));
  const jobs = Object.entries(targets).map(([job, urls]) => ({
    job_name: job,
    static_configs: [{ targets: urls.map((url) => new URL(url).host) }],
  }));
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: ['rules.yml'],
    scrape_configs: jobs,
  };
  await writeFile(join(folder, 'rules.yml'), rules);
  // Every JSON text is YAML.
  await writeFile(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(
    tools.prometheus,
    [
      `--config.file=${join(folder, 'prometheus.yml')}`,
      `--storage.tsdb.path=${join(folder, 'data')}`,
      `--web.listen-address=${new URL(url).host}`,
      '--log.level=warn',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const said: string[] = [];
  child.stderr.on('data', (chunk) => said.push(String(chunk)));

  async function ask(path: string): Promise<unknown> {
    const response = await fetch(`${url}/api/v1/${path}`);
    const body = (await response.json()) as { status: string; data: unknown; error?: string };
    if (body.status !== 'success') throw new Error(`${path}: ${body.error}`);
    return body.data;
  }
  try {
    const ready = () => fetch(`${url}/-/ready`).then(({ ok }) => ok && child.exitCode === null);
    await eventually(ready, { withinMs: 30_000, what: 'Prometheus is ready' });
  } catch (error) {
    await end(child);
    throw new Error(`${String(error)}\n${said.join('').slice(-2000)}`);
  }
  return {
    url,
    ask,
    query: async (expression) => {
      const data = await ask(`query?query=${encodeURIComponent(expression)}`);
      return (data as { result: readonly Result[] }).result;
    },
    stop: async () => {
      await end(child);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
