/* The manifests against Kubernetes' and KEDA's own schemas, and what those cannot know: that the parts fit together. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ScaledObject } from '@kubernetes-models/keda/keda.sh/v1alpha1/ScaledObject';
import { Deployment } from 'kubernetes-models/apps/v1/Deployment';
import { StatefulSet } from 'kubernetes-models/apps/v1/StatefulSet';
import { NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1/NetworkPolicy';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1/PodDisruptionBudget';
import { ConfigMap } from 'kubernetes-models/v1/ConfigMap';
import { Namespace } from 'kubernetes-models/v1/Namespace';
import { Service } from 'kubernetes-models/v1/Service';
import { ServiceAccount } from 'kubernetes-models/v1/ServiceAccount';
import { parse, parseAllDocuments } from 'yaml';

const FOLDER = fileURLToPath(new URL('../../deploy/kubernetes', import.meta.url));
const MODELS = {
  ConfigMap,
  Deployment,
  Namespace,
  NetworkPolicy,
  PodDisruptionBudget,
  ScaledObject,
  Service,
  ServiceAccount,
  StatefulSet,
};

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly [member: string]: unknown;
}

function manifestsOf(folder: string): readonly Manifest[] {
  return readdirSync(join(FOLDER, folder))
    .filter((file) => file !== 'kustomization.yaml')
    .flatMap((file) =>
      parseAllDocuments(readFileSync(join(FOLDER, folder, file), 'utf8'), { merge: true }).map(
        (document) => document.toJS() as Manifest,
      ),
    );
}
const folders = readdirSync(FOLDER);
const manifests = folders.flatMap(manifestsOf);
const deployments = manifests.filter(({ kind }) => kind === 'Deployment');

function check(manifest: Manifest): void {
  const Model = MODELS[manifest.kind as keyof typeof MODELS] as unknown as
    | (new (
        members: Manifest,
      ) => { apiVersion: string; validate(): void })
    | undefined;
  assert.ok(Model, `${manifest.kind} has no schema here`);
  const unread = new Set<string>();
  const model = new Model(manifest);
  assert.equal(model.apiVersion, manifest.apiVersion);
  // It copies what it is made from, so the copy is what is watched.
  model.validate.call(watchReads(manifest, unread));
  assert.deepEqual([...unread], [], 'members that its kind does not know');
}

/**
 * The compiled schemas let unknown members pass, but look for each one that they know. So what nobody has looked at is a slip.
 * `unread` has the paths of those left.
 */
function watchReads(value: unknown, unread: Set<string>, at = ''): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(([key, member]) => {
    const path = `${at}/${key}`;
    unread.add(path);
    return [key, watchReads(member, unread, path)] as const;
  });
  const watched = Array.isArray(value) ? members.map(([, member]) => member) : Object.fromEntries(members);
  return new Proxy(watched, {
    get: (target, key, receiver) => {
      unread.delete(`${at}/${String(key)}`);
      return Reflect.get(target, key, receiver);
    },
  });
}

test('every manifest is what its kind allows', () => {
  assert.ok(manifests.length > 10);
  for (const manifest of manifests)
    assert.doesNotThrow(() => check(manifest), `${manifest.kind} ${manifest.metadata.name}`);
});

test('a slip is noticed, in a value and in a name, however deep', () => {
  const kinds = new Map(manifests.map((manifest) => [manifest.kind, manifest]));
  const slips: readonly (readonly [kind: keyof typeof MODELS, path: string, value: unknown])[] = [
    ['Deployment', 'spec/template/spec/containers/0/ports/0/containerPort', '8080'],
    ['Deployment', 'spec/template/spec/terminationGracePeriodSecond', 40],
    ['Deployment', 'spec/template/spec/containers/0/readinesProbe', {}],
    ['Deployment', 'spec/template/spec/containers/0/securityContext/readOnlyRootFileSystem', true],
    ['Deployment', 'spec/template/spec/volumes/0/secret/defaultmode', 0o440],
    ['StatefulSet', 'spec/volumeClaimTemplates/0/spec/storageClass', 'fast'],
    ['NetworkPolicy', 'spec/egres', []],
    ['PodDisruptionBudget', 'spec/maxUnavailabel', 1],
    ['Service', 'spec/ports/0/targetport', 'http'],
    ['ScaledObject', 'spec/maxReplicasCount', 3],
    ['ScaledObject', 'spec/triggers/0/metadatas', {}],
    ['ConfigMap', 'datas', {}],
  ];
  for (const [kind, path, value] of slips) {
    const broken = structuredClone(kinds.get(kind)!);
    const names = path.split('/');
    const last = names.pop()!;
    const parent = names.reduce<Record<string, unknown>>(
      (inner, name) => inner[name] as Record<string, unknown>,
      broken as unknown as Record<string, unknown>,
    );
    parent[last] = value;
    assert.throws(() => check(broken), Error, `${kind}: ${path}`);
  }
});

test('each kustomization lists every file beside it', () => {
  for (const folder of folders) {
    const { resources } = parse(readFileSync(join(FOLDER, folder, 'kustomization.yaml'), 'utf8')) as {
      resources: string[];
    };
    const beside = readdirSync(join(FOLDER, folder)).filter((file) => file !== 'kustomization.yaml');
    assert.deepEqual(resources.filter((path) => !path.startsWith('../')).sort(), beside.sort(), folder);
  }
});

interface PodSpec {
  readonly enableServiceLinks: boolean;
  readonly terminationGracePeriodSeconds: number;
  readonly securityContext: { readonly runAsNonRoot: boolean };
  readonly containers: readonly [Container];
  readonly volumes: readonly { readonly name: string }[];
}
interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
  readonly env: readonly { readonly name: string; readonly value: string }[];
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly securityContext: { readonly readOnlyRootFilesystem: boolean };
  readonly lifecycle: { readonly preStop: unknown };
  readonly livenessProbe: { readonly httpGet: { readonly path: string } };
  readonly readinessProbe: { readonly httpGet: { readonly path: string } };
}
const podOf = (manifest: Manifest) => (manifest['spec'] as { template: { spec: PodSpec } }).template.spec;

test('every service of ours ends in time, is probed, writes nothing, and has its secrets as files', () => {
  assert.deepEqual(deployments.map(({ metadata }) => metadata.name).sort(), [
    'sluice-console',
    'sluice-intake',
    'sluice-worker',
  ]);
  for (const deployment of deployments) {
    const pod = podOf(deployment);
    const [container] = pod.containers;
    assert.equal(pod.enableServiceLinks, false);
    assert.equal(pod.terminationGracePeriodSeconds, 40);
    assert.ok(pod.securityContext.runAsNonRoot && container.securityContext.readOnlyRootFilesystem);
    assert.ok(container.lifecycle.preStop);
    assert.equal(container.livenessProbe.httpGet.path, '/health/live');
    assert.equal(container.readinessProbe.httpGet.path, '/health/ready');
    assert.deepEqual(
      container.volumeMounts
        .map(({ name }) => name)
        .filter((name) => !pod.volumes.some((volume) => volume.name === name)),
      [],
    );
    for (const { name, value } of container.env) {
      if (!name.endsWith('_FILE')) continue;
      assert.ok(
        container.volumeMounts.some(({ mountPath }) => value.startsWith(`${mountPath}/`)),
        `${name}: ${value}`,
      );
    }
    const budgets = manifests.filter(
      ({ kind, metadata }) => kind === 'PodDisruptionBudget' && metadata.name === deployment.metadata.name,
    );
    assert.equal(budgets.length, 1, deployment.metadata.name);
  }
});

test('workers are scaled by what the quota can use', () => {
  const scaled = manifests.find(({ kind }) => kind === 'ScaledObject')!['spec'] as {
    scaleTargetRef: { name: string };
    triggers: [{ metadata: { query: string; threshold: string } }];
  };
  assert.ok(deployments.some(({ metadata }) => metadata.name === scaled.scaleTargetRef.name));
  assert.deepEqual(
    [scaled.triggers[0].metadata.query, scaled.triggers[0].metadata.threshold],
    ['max(sluice_useful_workers)', '1'],
  );
});
