import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { Deployment } from 'kubernetes-models/apps/v1';
import { Ingress, NetworkPolicy } from 'kubernetes-models/networking.k8s.io/v1';
import { PodDisruptionBudget } from 'kubernetes-models/policy/v1';
import { ConfigMap, Namespace, Secret, Service, ServiceAccount } from 'kubernetes-models/v1';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { loadPolicy } from '#app/policy-file.ts';
import { isInstalled, PUBLIC_PATHS, read, readEnvironmentFile, readYaml, readYamlDocuments, settingsOf } from '#harness/deployment.ts';

const BASE = 'deploy/kubernetes/base';
const EXAMPLE = 'deploy/kubernetes/example';
/** Each kind with its schema, from the API that the manifests name. */
const KINDS: Readonly<Record<string, (data: never) => { readonly validate: () => void }>> = {
  'apps/v1 Deployment': (data) => new Deployment(data),
  'networking.k8s.io/v1 Ingress': (data) => new Ingress(data),
  'networking.k8s.io/v1 NetworkPolicy': (data) => new NetworkPolicy(data),
  'policy/v1 PodDisruptionBudget': (data) => new PodDisruptionBudget(data),
  'v1 ConfigMap': (data) => new ConfigMap(data),
  'v1 Namespace': (data) => new Namespace(data),
  'v1 Secret': (data) => new Secret(data),
  'v1 Service': (data) => new Service(data),
  'v1 ServiceAccount': (data) => new ServiceAccount(data),
};
const identity = z.looseObject({ apiVersion: z.string(), kind: z.string() });
const nameOf = (document: unknown) => {
  const { apiVersion, kind } = identity.parse(document);
  return `${apiVersion} ${kind}`;
};

function validate(document: unknown): void {
  const kind = KINDS[nameOf(document)];
  if (!kind) throw new Error(`no schema for ${nameOf(document)}`);
  kind(document as never).validate();
}

const files = [BASE, EXAMPLE].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.yaml') && !['kustomization.yaml', 'runbook.yaml'].includes(name))
    .map((name) => join(folder, name)),
);

test.each(files)('%s is valid by the schema of its kind', (file) => {
  for (const document of readYamlDocuments(read(file))) expect(() => validate(document)).not.toThrow();
});

test('the schemas would refuse a wrong manifest', () => {
  expect(() => validate({ ...identity.parse(readYaml(`${BASE}/deployment.yaml`)), spec: { replicas: 'two' } })).toThrow(/spec/);
});

test('every manifest is named by its kustomization, and nothing else is', () => {
  for (const folder of [BASE, EXAMPLE]) {
    const { resources } = z.looseObject({ resources: z.array(z.string()) }).parse(readYaml(`${folder}/kustomization.yaml`));
    const named = resources.filter((name) => name.endsWith('.yaml')).map((name) => join(folder, name));
    expect(named.toSorted()).toEqual(files.filter((file) => file.startsWith(`${folder}/`)).toSorted());
  }
});

const container = z.looseObject({
  env: z.array(z.object({ name: z.string(), value: z.string() })),
  ports: z.array(z.object({ name: z.string(), containerPort: z.number() })),
  securityContext: z.unknown(),
  volumeMounts: z.array(z.looseObject({ mountPath: z.string() })),
});
const deployment = z
  .looseObject({
    spec: z.looseObject({
      replicas: z.number(),
      template: z.looseObject({ spec: z.looseObject({ containers: z.tuple([container]), securityContext: z.unknown() }) }),
    }),
  })
  .parse(readYaml(`${BASE}/deployment.yaml`));
const pod = deployment.spec.template.spec;
const [bot] = pod.containers;

test('two replicas, which share a store: the settings name one', () => {
  expect(deployment.spec.replicas).toBe(2);
  expect(readEnvironmentFile(`${EXAMPLE}/settings.env`)).toHaveProperty('DATABASE_URL');
});

test('the pod keeps to the restricted Pod Security Standard, with a read-only root', () => {
  expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: 'RuntimeDefault' } });
  expect(bot.securityContext).toEqual({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ['ALL'] } });
});

test('the bot starts with the example’s settings, and what it writes and reads is mounted', () => {
  const own = Object.fromEntries(bot.env.map(({ name, value }) => [name, value]));
  const settings = settingsOf({ ...readEnvironmentFile(`${EXAMPLE}/settings.env`), ...own });
  expect(settings.PORT).toBe(bot.ports[0]?.containerPort);
  const mounted = bot.volumeMounts.map(({ mountPath }) => mountPath);
  for (const path of [settings.RUNBOOK_FILE, settings.REPORTS_DIR]) {
    expect(
      mounted.some((folder) => path.startsWith(`${folder}/`)),
      path,
    ).toBe(true);
  }
});

test('the example’s policy is one', async () => {
  await expect(loadPolicy(`${EXAMPLE}/runbook.yaml`)).resolves.toMatchObject({ watch: { mode: 'alert' } });
});

test('from outside only the public paths are reached', () => {
  const path = z.looseObject({ path: z.string(), pathType: z.literal('Exact') });
  const rule = z.looseObject({ http: z.object({ paths: z.array(path) }) });
  const { spec } = z.looseObject({ spec: z.looseObject({ rules: z.array(rule) }) }).parse(readYaml(`${EXAMPLE}/ingress.yaml`));
  expect(spec.rules.flatMap(({ http }) => http.paths.map((one) => one.path)).toSorted()).toEqual(PUBLIC_PATHS);
});

/** kustomize breaks long secrets into lines, which Kubernetes joins and the schema does not. */
const build = (folder: string) =>
  execFileSync('kubectl', ['kustomize', folder], { encoding: 'utf8' }).replace(/: \|\n((?: {4}[\w+/=]+\n)+)/g, (_, lines: string) => {
    return `: ${lines.replace(/\s/g, '')}\n`;
  });

describe.skipIf(!isInstalled('kubectl'))('with kubectl (skipped without it)', () => {
  test('kustomize builds the example, whole and valid', () => {
    const documents = readYamlDocuments(build(EXAMPLE));
    expect(documents.map(nameOf).toSorted()).toEqual(Object.keys(KINDS).toSorted());
    for (const document of documents) expect(() => validate(document)).not.toThrow();
  });
});
