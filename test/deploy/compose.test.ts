/* docker-compose.yml against the schema of its specification, and what the schema cannot know: files that exist, users, bounds. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { compose, ROOT } from '../support/compose-file.ts';

const requireHere = createRequire(import.meta.url);
const OURS = ['prepare', 'intake', 'worker', 'console', 'sluice', 'emulator'];
const LONG_RUNNING = ['intake', 'worker', 'console', 'emulator'];

test('the file is what the specification of compose files allows', () => {
  const schema = JSON.parse(
    readFileSync(join(requireHere.resolve('dclint/package.json'), '..', 'schemas/compose.schema.json'), 'utf8'),
  );
  const validate = new Ajv({ strict: false, allErrors: true, validateFormats: false }).compile({
    ...schema,
    $schema: undefined,
  });
  assert.ok(validate(compose), JSON.stringify(validate.errors, null, 2));
  const broken = structuredClone(compose) as { services: Record<string, Record<string, unknown>> };
  broken.services['intake']!['stop_grace_periode'] = '30s';
  assert.ok(!validate(broken), 'a slip is noticed');
});

test('what the project needs is there: Redis on disk, workers to scale, the watchers, and a demo apart', () => {
  const { services } = compose;
  assert.deepEqual(Object.keys(services).sort(), [...OURS, 'grafana', 'prometheus', 'redis'].sort());
  const redis = services['redis']!.command!.join(' ');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is compose's own way to write a variable.
  const wanted = '--appendonly yes --appendfsync always --maxmemory-policy noeviction --maxmemory ${MAXMEMORY:-2gb}';
  assert.ok(redis.endsWith(wanted), redis);
  for (const name of ['container_name', 'ports'])
    assert.equal(services['worker']![name], undefined, `${name} would forbid a second worker`);
  assert.deepEqual(
    Object.entries(services).flatMap(([name, { profiles }]) => (profiles ? [[name, ...profiles]] : [])),
    [
      ['sluice', 'tools'],
      ['emulator', 'demo'],
    ],
  );
});

test('every service of ours runs as nobody special, writes nothing but its volumes, and has the time to stop', () => {
  for (const name of OURS) {
    const service = compose.services[name]!;
    const { read_only, cap_drop, security_opt, stop_grace_period, user } = service as Record<string, unknown>;
    assert.deepEqual(
      { name, read_only, cap_drop, security_opt, stop_grace_period, user },
      {
        name,
        read_only: true,
        cap_drop: ['ALL'],
        security_opt: ['no-new-privileges:true'],
        stop_grace_period: '30s',
        user: undefined,
      },
    );
    assert.ok(Number(service.environment!['SLUICE_SHUTDOWN_MS']) <= 25_000, 'stops before it is killed');
  }
  for (const name of LONG_RUNNING) assert.ok(compose.services[name]!['healthcheck'], `${name} has a health check`);
  assert.match(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'), /^USER 1000:1000$/m);
});

test('every file and volume it names exists, and nothing is published beyond this machine unasked', () => {
  for (const [name, service] of Object.entries(compose.services)) {
    for (const volume of service.volumes ?? []) {
      const [source = ''] = volume.split(':');
      if (source.startsWith('.')) assert.ok(existsSync(join(ROOT, source)), `${name}: ${source}`);
      else assert.ok(source in compose.volumes, `${name}: volume ${source}`);
    }
    for (const word of [...(service.entrypoint ?? []), ...(service.command ?? [])]) {
      if (word.endsWith('.ts')) assert.ok(existsSync(join(ROOT, word)), `${name}: ${word}`);
    }
    for (const port of (service['ports'] ?? []) as readonly string[]) {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: it is compose's own way to write a variable.
      assert.ok(port.startsWith('${PUBLISH:-127.0.0.1}:'), `${name}: ${port}`);
    }
  }
});
