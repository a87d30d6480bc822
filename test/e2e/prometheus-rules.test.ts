/* The rules that are shipped for Prometheus: well-formed, each alert tested, each with its entry in the runbook. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { readMarkdown } from '../../tools/check/read-markdown.ts';
import { findTools } from '../support/prometheus.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const RULES = 'deploy/prometheus/sluice.rules.yml';
const TESTS = 'deploy/prometheus/tests/sluice.rules.test.yml';

const textOf = (path: string) => readFile(`${ROOT}${path}`, 'utf8');
const found = (text: string, pattern: RegExp) => [...text.matchAll(pattern)].map(([, name]) => name!);

test('promtool takes the rules, and every alert fires because of its cause and not without it', async (t) => {
  const tools = await findTools();
  if (typeof tools === 'string') return t.skip(tools);
  for (const args of [
    ['check', 'rules', RULES],
    ['check', 'config', '--syntax-only', 'deploy/prometheus/prometheus.yml'],
    ['test', 'rules', TESTS],
  ]) {
    const { stdout } = await run(tools.promtool, args, { cwd: ROOT });
    assert.match(stdout, /SUCCESS/, args.join(' '));
  }
});

test('promtool takes the job for Kubernetes, with another way to find targets where it was built without that one', async (t) => {
  const tools = await findTools();
  if (typeof tools === 'string') return t.skip(tools);
  const folder = await mkdtemp(join(tmpdir(), 'sluice-promtool-'));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const job = await textOf('deploy/prometheus/kubernetes.yml');
  const finds = /kubernetes_sd_configs:\n {6}- role: pod\n {8}namespaces: \{ names: \[sluice\] \}/;
  assert.match(job, finds);
  const file = join(folder, 'kubernetes.yml');
  await writeFile(file, job.replace(finds, 'static_configs: [{ targets: ["127.0.0.1:8081"] }]'));
  const { stdout } = await run(tools.promtool, ['check', 'config', '--syntax-only', file]);
  assert.match(stdout, /SUCCESS/);
});

test('every series that alerts and the dashboard look at is explained', async () => {
  const [rules, dashboard, page] = await Promise.all(
    [RULES, 'deploy/grafana/dashboards/sluice.json', 'docs/metrics.md'].map(textOf),
  );
  const names = found(`${rules} ${dashboard}`, /\b(sluice_[a-z_]+)/g).map((name) =>
    name.replace(/_(bucket|sum|count)$/, ''),
  );
  assert.ok(new Set(names).size > 20);
  const missing = [...new Set(names)].filter((name) => !page!.includes(name));
  assert.deepEqual(missing, []);
});

test('every alert is expected by a test that sees it fire, and has its entry in the runbook under its own name', async () => {
  const [rules, tests, runbook] = await Promise.all([RULES, TESTS, 'docs/runbooks.md'].map(textOf));
  const alerts = found(rules!, /^ +- alert: (\w+)$/gm);
  assert.ok(alerts.length >= 9);
  const fired = tests!.split(/^ +- eval_time/m).filter((part) => part.includes('exp_labels'));
  const expected = new Set(fired.flatMap((part) => found(part, /alertname: (\w+)/g)));
  assert.deepEqual([...expected].sort(), [...alerts].sort());
  const { anchors } = readMarkdown(runbook!);
  for (const alert of alerts) assert.ok(anchors.has(alert.toLowerCase()), `docs/runbooks.md has no entry ${alert}`);
  const urls = found(rules!, /runbook_url: (.*)$/gm);
  assert.deepEqual(
    urls,
    alerts.map((alert) => `docs/runbooks.md#${alert.toLowerCase()}`),
  );
});
