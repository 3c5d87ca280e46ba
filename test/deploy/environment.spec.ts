import { environmentName, loadSettings, type SettingsSchema } from '@iris/config';
import { sourceRegistrySchema } from '@iris/contracts';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { parse } from 'yaml';
import { type Manifest, manifests, PRESETS, presetFile, registryText, render } from './helm.js';
import { settingsOf } from './settings-of.js';

interface Container {
  readonly image: string;
  readonly env: readonly { readonly name: string; readonly value?: string }[];
  readonly ports: readonly { readonly name: string; readonly containerPort: number }[];
}

interface TrustingPod {
  readonly containers: readonly (Pick<Container, 'env'> & {
    readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  })[];
  readonly volumes: readonly {
    readonly name: string;
    readonly configMap?: { readonly name: string };
    readonly secret?: { readonly secretName: string };
  }[];
}

/** Values of what the chart takes from Secrets: what the settings accept, since Secrets are made elsewhere. */
const FROM_SECRETS: Readonly<Record<string, string>> = {
  IRIS_HOOK_KEYS: 'aperture=0123456789abcdef',
  IRIS_REDIS_URL: 'redis://redis.example.com:6379',
  IRIS_DECISION_LOG_URL: 'postgres://iris:secret@db.example.com:5432/iris',
};

/** What the preset of all entry points runs beside what every preset runs. */
const MORE_APPS = ['console', 'mcp-gateway', 'pdp-proxy'];

/** Settings whose place is a Secret, as far as the schemas do not say so. */
const isSecret = (schema: SettingsSchema, key: string) => schema[key]?.secret === true;

/** The containers of our own apps, by app. */
function appContainers(all: readonly Manifest[]): Map<string, Container> {
  const found = new Map<string, Container>();
  for (const { kind, spec } of all) {
    if (kind !== 'Deployment' && kind !== 'StatefulSet') continue;
    const { containers } = (spec as unknown as { template: { spec: { containers: Container[] } } }).template.spec;
    for (const container of containers) {
      const app = /^iris-([a-z-]+):/.exec(container.image)?.[1];
      if (app !== undefined) found.set(app, container);
    }
  }
  return found;
}

describe.each(PRESETS)('the environment of the preset %s', (preset) => {
  let all: Manifest[] = [];
  let containers = new Map<string, Container>();

  beforeAll(async () => {
    all = manifests(await render(['--values', presetFile(preset)]));
    containers = appContainers(all);
  });

  it('has every app that is on, and each enabled enricher', () => {
    const { sources } = parse(
      all.find(({ metadata }) => metadata.name === 'iris-config')?.data?.['sources.yaml'] ?? '',
    );
    const enabled = Object.keys(sources).filter((id) => sources[id].enabled);
    expect([...containers.keys()].sort()).toEqual(
      [
        'auditor',
        'gateway',
        ...(preset === 'all-entry-points' ? MORE_APPS : []),
        ...enabled.map((id) => `enricher-${id}`),
      ].sort(),
    );
  });

  it('names settings that the apps have, with values that they accept', async () => {
    for (const [app, { env }] of containers) {
      const schema = await settingsOf(app);
      const known = Object.keys(schema).map(environmentName);
      const given = env.filter(({ name }) => name.startsWith('IRIS_'));
      expect([app, given.map(({ name }) => name).filter((name) => !known.includes(name))]).toEqual([app, []]);
      const environment = Object.fromEntries(given.map(({ name, value }) => [name, value ?? FROM_SECRETS[name]]));
      if (app === 'gateway') environment.IRIS_HOOK_KEYS = FROM_SECRETS.IRIS_HOOK_KEYS;
      expect(() => loadSettings(schema, environment)).not.toThrow();
    }
  });

  it('holds no secret in plain sight', async () => {
    for (const [app, { env }] of containers) {
      const schema = await settingsOf(app);
      const secrets = Object.keys(schema).filter((key) => isSecret(schema, key) && key !== 'redis.url');
      // `$(NAME)` is filled in from a Secret by the kubelet.
      const plain = env.filter(
        ({ name, value = '$(' }) => !value.includes('$(') && secrets.map(environmentName).includes(name),
      );
      expect([app, plain]).toEqual([app, []]);
    }
  });

  it('names each app’s ports as the app binds them', () => {
    for (const [app, { env, ports }] of containers) {
      const value = (name: string) => env.find((variable) => variable.name === name)?.value;
      const port = (name: string) => String(ports.find((candidate) => candidate.name === name)?.containerPort);
      expect([app, port('http')]).toEqual([app, value('IRIS_HTTP_PORT')]);
      if (app.startsWith('enricher-')) expect([app, port('grpc')]).toEqual([app, value('IRIS_GRPC_PORT')]);
      expect([app, port('metrics')]).toEqual([app, value('OTEL_EXPORTER_PROMETHEUS_PORT')]);
    }
  });

  it('gives the gateway a source registry whose addresses are Services', () => {
    const text = all.find(({ metadata }) => metadata.name === 'iris-config')?.data?.['sources.yaml'] ?? '';
    const registry = sourceRegistrySchema.parse(parse(text));
    const file = sourceRegistrySchema.parse(parse(registryText()));
    expect(Object.keys(registry.sources).sort()).toEqual(Object.keys(file.sources).sort());
    for (const source of Object.values(registry.sources)) {
      if (!source.enabled) continue;
      const [name, port] = source.address.split(':');
      const service = all.find(({ kind, metadata }) => kind === 'Service' && metadata.name === name);
      const spec = service?.spec as unknown as { ports: { name: string; port: number }[] } | undefined;
      expect(spec?.ports).toContainEqual(expect.objectContaining({ name: 'grpc', port: Number(port) }));
    }
  });
});

describe('authorities of the company’s own', () => {
  it('are read by every app from where they are mounted', async () => {
    const args = ['--set', 'trust.existingConfigMap=company-ca', '--set', 'trust.key=roots.pem'];
    const workloads = manifests(await render(['--values', presetFile('production'), ...args])).filter(
      ({ kind, metadata }) => ['Deployment', 'StatefulSet'].includes(kind) && metadata.name !== 'iris-pdp',
    );
    expect(workloads).toHaveLength(7);
    for (const { metadata, spec } of workloads) {
      const { containers, volumes } = (spec as unknown as { template: { spec: TrustingPod } }).template.spec;
      const [{ env, volumeMounts } = { env: [], volumeMounts: [] }] = containers;
      const file = env.find(({ name }) => name === 'NODE_EXTRA_CA_CERTS')?.value;
      const mount = volumeMounts.find(({ mountPath }) => file === `${mountPath}/roots.pem`);
      const volume = volumes.find(({ name }) => name === mount?.name);
      expect([metadata.name, volume?.configMap?.name]).toEqual([metadata.name, 'company-ca']);
    }
  });
});

describe('a password of Redis in a Secret of its own', () => {
  it('is a file in every app, which the app is told of', async () => {
    const secret = [
      '--set',
      'redis.external.passwordSecret=redis-password',
      '--set',
      'redis.external.morePorts={26379}',
    ];
    const all = manifests(await render(['--values', presetFile('production'), ...secret]));
    const workloads = all.filter(
      ({ kind, metadata }) =>
        ['Deployment', 'StatefulSet'].includes(kind) && !['iris-pdp', 'iris-redis'].includes(metadata.name),
    );
    const told = workloads.flatMap(({ metadata, spec }) => {
      const { containers, volumes } = (spec as unknown as { template: { spec: TrustingPod } }).template.spec;
      const file = containers[0]?.env.find(({ name }) => name === 'IRIS_REDIS_PASSWORD_FILE')?.value;
      const mount = containers[0]?.volumeMounts.find(({ mountPath }) => file === `${mountPath}/password`);
      const volume = volumes.find(({ name }) => name === mount?.name);
      return volume?.secret?.secretName === 'redis-password' ? [metadata.name] : [];
    });
    expect(told.sort()).toEqual(
      [
        'auditor',
        'enricher-okta',
        'enricher-pagerduty',
        'enricher-servicenow',
        'enricher-tailscale',
        'enricher-workday',
      ]
        .concat('gateway')
        .map((name) => `iris-${name}`),
    );
    const policies = all.filter(({ kind }) => kind === 'NetworkPolicy').map((policy) => JSON.stringify(policy));
    expect(policies.filter((policy) => policy.includes('"port":26379'))).toHaveLength(8);
  });
});
