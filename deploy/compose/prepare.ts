/*
  Runs once before the services of the compose file and lets them start only when they can work: somewhere to deliver to, and API
  keys, because services in containers listen beyond their own machine. Says in one sentence what is missing, exit code 78.
  The demo makes a key for whoever tries it; Prometheus gets one of its own in either case, which reads and nothing else.
*/
import { spawnSync } from 'node:child_process';
import { existsSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { findGraph } from './find-graph.ts';

const MISSING = 78;
// biome-ignore lint/suspicious/noUndeclaredEnvVars: this runs in a container, not in turbo.
const KEYS_FILE = process.env['SLUICE_API_KEYS_FILE'] ?? '/keys/keys.json';
const PROMETHEUS_KEY_FILE = join(KEYS_FILE, '..', 'prometheus.key');
const SLUICE = fileURLToPath(new URL('../../services/cli/src/main.ts', import.meta.url));

const graph = await findGraph(process.env);
if (graph.kind === 'missing') stop(graph.sentence);
if (!existsSync(KEYS_FILE)) {
  if (graph.kind !== 'demo') {
    stop(
      'No API key yet: make the first with `docker compose run --rm sluice keys create --name me --scope ingest,read,operate --connections "*"`, then `docker compose up` again.',
    );
  }
  console.log(`The demo's API key: ${createKey('demo', 'ingest,read,operate')}`);
}
if (!existsSync(PROMETHEUS_KEY_FILE)) {
  // Renamed into place, so that a file that is there is whole.
  writeFileSync(`${PROMETHEUS_KEY_FILE}.new`, createKey('prometheus', 'read'), { mode: 0o644 });
  renameSync(`${PROMETHEUS_KEY_FILE}.new`, PROMETHEUS_KEY_FILE);
}

function createKey(name: string, scope: string): string {
  const args = ['keys', 'create', '--name', name, '--scope', scope, '--connections', '*', '--json'];
  const made = spawnSync(process.execPath, [SLUICE, ...args], { encoding: 'utf8' });
  if (made.status !== 0) stop(made.stderr.trim());
  return JSON.parse(made.stdout).key;
}

function stop(sentence: string): never {
  console.error(sentence);
  process.exit(MISSING);
}
