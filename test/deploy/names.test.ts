/* What the files for containers say, held to what the services read and where they listen. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { compose, ROOT } from '../support/compose-file.ts';

const textOf = (file: string) => readFileSync(join(ROOT, file), 'utf8');
const FILES = [
  'docker-compose.yml',
  'Dockerfile',
  ...globSync('deploy/**/*.{yml,yaml,ts}', { cwd: ROOT, exclude: ['deploy/prometheus/tests/**'] }),
];
const SERVICES = ['intake', 'console', 'worker', 'emulator'] as const;

/** As the service itself has it. */
function portOf(service: string): string {
  const [, port] = /^const PORT_DEFAULT = (\d+);$/m.exec(textOf(`services/${service}/src/main.ts`)) ?? [];
  assert.ok(port !== undefined, `services/${service}/src/main.ts has a PORT_DEFAULT`);
  return port;
}

test('every setting in the files for containers is one that docs/configuration.md explains', () => {
  const page = textOf('docs/configuration.md');
  const explained = new Set(page.match(/\b(?:SLUICE|GRAPH|REDIS)_[A-Z0-9_]+\b/g));
  const named = FILES.flatMap((file) =>
    [...textOf(file).matchAll(/(?<![\w/-])(?:SLUICE|GRAPH|REDIS)_[A-Z0-9_]+\b/g)].map(
      ([name]) => [file, name] as const,
    ),
  );
  assert.ok(new Set(named.map(([, name]) => name)).size > 12);
  // A secret may be given as a file beside its own name; what begins like the names of Kubernetes is an example of theirs.
  const isExplained = (name: string) => explained.has(name) || explained.has(name.replace(/_FILE$/, ''));
  const unknown = named.filter(([, name]) => !isExplained(name) && name !== 'SLUICE_');
  assert.deepEqual(unknown, []);
});

test('every port in them is where that service listens', () => {
  const ports = new Map(SERVICES.map((service) => [service as string, portOf(service)]));
  assert.deepEqual(
    textOf('Dockerfile')
      .match(/^EXPOSE (.*)$/m)?.[1]
      ?.split(' ')
      .toSorted(),
    [...ports.values()].toSorted(),
  );
  const isReady = Object.fromEntries(
    [...textOf('deploy/compose/service-of.ts').matchAll(/(\w+): '(\d{4})'/g)].map(([, name, port]) => [name, port]),
  );
  assert.deepEqual(isReady, Object.fromEntries(ports));
  for (const [name, port] of ports) {
    const service = compose.services[name]!;
    const { test: asked } = service['healthcheck'] as { readonly test: readonly string[] };
    assert.ok(asked.includes(port), `${name}: ${asked}`);
    for (const published of (service['ports'] ?? []) as readonly string[])
      assert.ok(published.endsWith(`:${port}:${port}`), published);
  }
  const scraped = [...textOf('deploy/prometheus/prometheus.yml').matchAll(/names: \[(\w+)\], type: A, port: (\d+)/g)];
  assert.deepEqual(scraped.map(([, name]) => name).toSorted(), ['console', 'intake', 'worker']);
  for (const [, name, port] of scraped) assert.equal(port, ports.get(name!), String(name));
});

interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly containerPort: number }[];
}
interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly template: {
      readonly metadata: { readonly annotations: Readonly<Record<string, string>> };
      readonly spec: { readonly containers: readonly [Container] };
    };
    readonly ports: readonly { readonly port: number; readonly targetPort: string }[];
  };
}

test('on Kubernetes as well: containers, services, what is scraped and what the network policy lets in', () => {
  const manifests = globSync('deploy/kubernetes/base/*.yaml', { cwd: ROOT })
    .flatMap((file) => parseAllDocuments(textOf(file), { merge: true }))
    .map((document) => document.toJS() as Manifest);
  const deployments = manifests.filter(({ kind }) => kind === 'Deployment');
  assert.equal(deployments.length, 3);
  for (const { spec } of deployments) {
    const [{ name, args, ports }] = spec.template.spec.containers;
    const port = Number(portOf(name));
    assert.deepEqual([args, ports.map(({ containerPort }) => containerPort)], [[name], [port]]);
    assert.equal(spec.template.metadata.annotations['prometheus.io/port'], String(port));
  }
  const services = manifests.filter(({ kind }) => kind === 'Service');
  assert.deepEqual(
    services.map(({ metadata, spec }) => [metadata.name, spec.ports.map(({ port }) => port)]).toSorted(),
    ['console', 'intake'].map((name) => [`sluice-${name}`, [Number(portOf(name))]]),
  );
  const [, policy = ''] = textOf('deploy/kubernetes/base/network-policy.yaml').split('ingress:');
  const allowed = [...policy.split('egress:')[0]!.matchAll(/- port: (\d+)/g)].map(([, port]) => port!);
  assert.deepEqual(allowed.toSorted(), ['intake', 'console', 'worker'].map(portOf).toSorted());
});
