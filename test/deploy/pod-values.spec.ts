import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseRedisUrl } from '@iris/config';
import { afterAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { CHART, helm, type Manifest, manifests, presetFile, render } from './helm.js';
import { faultsAgainstRestrictedProfile, type PodSpec, podSpecOf } from './restricted-profile.js';

const folder = mkdtempSync(join(tmpdir(), 'iris-values-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Variable {
  readonly name: string;
  readonly value?: string;
}
type AnyPod = PodSpec &
  Readonly<Record<string, unknown>> & {
    readonly containers: readonly { readonly env?: readonly Variable[]; readonly envFrom?: readonly object[] }[];
  };

async function rendered(values: object, ...presets: string[]): Promise<Manifest[]> {
  const file = join(mkdtempSync(join(folder, 'values-')), 'values.yaml');
  writeFileSync(file, stringify(values));
  const files = ['production', ...presets].flatMap((preset) => ['--values', presetFile(preset)]);
  return manifests(await render([...files, '--values', file]));
}

/** The pods by component. */
function podsOf(all: readonly Manifest[]): Map<string, AnyPod> {
  return new Map(
    all.flatMap((manifest) => {
      const pod = podSpecOf(manifest) as AnyPod | undefined;
      return pod === undefined ? [] : [[manifest.metadata.labels?.['app.kubernetes.io/component'] ?? '', pod] as const];
    }),
  );
}

function variable(pod: AnyPod | undefined, name: string): string | undefined {
  return pod?.containers[0]?.env?.find((candidate) => candidate.name === name)?.value;
}

const named = (all: readonly Manifest[], kind: string, name: string) =>
  all.find((manifest) => manifest.kind === kind && manifest.metadata.name === name);

describe('values of pods', () => {
  it('reach every pod, and one component over the others', async () => {
    const all = await rendered({
      pod: {
        priorityClassName: 'high',
        affinity: { podAntiAffinity: {} },
        tolerations: [{ key: 'mesh' }],
        nodeSelector: { pool: 'mesh' },
        env: [{ name: 'COMPANY', value: 'example' }],
        envFrom: [{ configMapRef: { name: 'company' } }],
        serviceAccountAnnotations: { 'iam.example.com/role': 'iris' },
      },
      enrichers: {
        okta: {
          pod: { priorityClassName: 'low', nodeSelector: { pool: null, zone: 'a' }, tolerations: [{ key: 'okta' }] },
        },
      },
      pdp: { pod: { containerSecurityContext: { runAsUser: 1000 } } },
    });
    for (const [component, pod] of podsOf(all)) {
      const own = component === 'enricher-okta';
      expect([component, pod.priorityClassName, pod.affinity, variable(pod, 'COMPANY')]).toEqual([
        component,
        own ? 'low' : 'high',
        { podAntiAffinity: {} },
        'example',
      ]);
      expect([component, pod.nodeSelector]).toEqual([component, own ? { zone: 'a' } : { pool: 'mesh' }]);
      expect([component, pod.tolerations]).toEqual([
        component,
        own ? [{ key: 'mesh' }, { key: 'okta' }] : [{ key: 'mesh' }],
      ]);
      expect([component, pod.containers[0]?.envFrom]).toEqual([
        component,
        expect.arrayContaining([{ configMapRef: { name: 'company' } }]),
      ]);
      expect([component, pod.containers[0]?.securityContext?.runAsUser]).toEqual([
        component,
        component === 'pdp' ? 1000 : undefined,
      ]);
      const account = named(all, 'ServiceAccount', `iris-${component}`);
      expect([component, account?.metadata.annotations]).toEqual([component, { 'iam.example.com/role': 'iris' }]);
    }
  });

  it('leave the ids to OpenShift and stay inside the restricted profile, for all pods or for one', async () => {
    const all = await rendered({}, 'openshift');
    for (const [component, { securityContext }] of podsOf(all)) {
      expect([component, securityContext]).toEqual([
        component,
        { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      ]);
    }
    expect(all.flatMap(faultsAgainstRestrictedProfile)).toEqual([]);
    const one = podsOf(await rendered({ enrichers: { okta: { pod: { securityContext: { fsGroup: null } } } } }));
    expect(one.get('enricher-okta')?.securityContext).not.toHaveProperty('fsGroup');
    expect(one.get('enricher-workday')?.securityContext).toHaveProperty('fsGroup', 65532);
  });

  it('add labels, and replace those that select nothing', async () => {
    const all = await rendered({ commonLabels: { 'app.kubernetes.io/part-of': 'platform', team: 'ai' } });
    for (const { kind, metadata } of all) {
      expect([kind, metadata.name, metadata.labels]).toEqual([
        kind,
        metadata.name,
        expect.objectContaining({ 'app.kubernetes.io/part-of': 'platform', team: 'ai' }),
      ]);
    }
  });
});

describe('values of the network', () => {
  it('name the ports of DNS for both kinds of policies, and the peers for Cilium too', async () => {
    const all = await rendered(
      {
        networkPolicy: {
          vendorEgress: 'cilium',
          dns: [
            { namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': 'openshift-dns' } } },
            { namespaceSelector: {}, podSelector: { matchLabels: { 'k8s-app': 'node-local-dns' } } },
            { ipBlock: { cidr: '169.254.20.10/32' } },
          ],
        },
      },
      'openshift',
    );
    const text = JSON.stringify(all.filter(({ kind }) => /NetworkPolicy$/.test(kind)));
    expect(text).not.toMatch(/"port":"?53\b"?/);
    const cilium = named(all, 'CiliumNetworkPolicy', 'iris-enricher-okta')?.spec as unknown as { egress: object[] };
    expect(cilium.egress.slice(0, 3)).toMatchObject([
      {
        toEndpoints: [
          { matchLabels: { 'k8s:io.cilium.k8s.namespace.labels.kubernetes.io/metadata.name': 'openshift-dns' } },
        ],
        toPorts: [{ ports: [{ port: '5353', protocol: 'ANY' }] }],
      },
      {
        toEndpoints: [
          {
            matchLabels: { 'k8s:k8s-app': 'node-local-dns' },
            matchExpressions: [{ key: 'k8s:io.kubernetes.pod.namespace', operator: 'Exists' }],
          },
        ],
      },
      { toCIDRSet: [{ cidr: '169.254.20.10/32' }] },
    ]);
  });

  it('accept an external PDP by its IPv6 address', async () => {
    const all = await rendered({ pdp: { kind: 'external', external: { target: '[fd00::10]:3593' } } });
    expect(variable(podsOf(all).get('gateway'), 'IRIS_PDP_TARGET')).toBe('[fd00::10]:3593');
    expect(JSON.stringify(named(all, 'NetworkPolicy', 'iris-gateway'))).toContain('{"port":3593}');
  });

  it('lead vendors and sinks through a proxy, and the mesh past it', async () => {
    const proxy = {
      https: 'http://proxy.example.com:3128',
      noProxy: ['siem.example.com'],
      peers: [{ ipBlock: { cidr: '192.0.2.1/32' } }],
    };
    const all = await rendered({ proxy });
    for (const [component, pod] of podsOf(all)) {
      const uses = component === 'auditor' || component === 'pdp' || component.startsWith('enricher-');
      expect([component, variable(pod, 'HTTPS_PROXY'), variable(pod, 'NODE_USE_ENV_PROXY')]).toEqual([
        component,
        uses ? proxy.https : undefined,
        uses ? '1' : undefined,
      ]);
      if (!uses) continue;
      const without = variable(pod, 'NO_PROXY')?.split(',');
      expect(without).toEqual(expect.arrayContaining(['.svc', 'iris-pdp', 'siem.example.com', '127.0.0.1']));
      const rule = { ports: [{ port: 3128 }], to: proxy.peers };
      const spec = named(all, 'NetworkPolicy', `iris-${component}`)?.spec as unknown as { egress: object[] };
      expect([component, spec.egress]).toEqual([component, expect.arrayContaining([rule])]);
    }
  });

  it('close the way past the proxy where no range of vendors is named', async () => {
    const all = await rendered({
      proxy: { https: 'http://proxy.example.com:3128', peers: [{ ipBlock: { cidr: '192.0.2.1/32' } }] },
      enricherDefaults: { egress: { cidrs: [] } },
    });
    const spec = named(all, 'NetworkPolicy', 'iris-enricher-okta')?.spec as unknown as {
      egress: { ports: object[] }[];
    };
    expect(spec.egress.map(({ ports }) => ports)).toEqual([[{ port: 3128 }], [{ port: 6379 }]]);
  });

  it.each([
    [{ nodes: ['r:6380'], tls: true }, 'rediss://r:6380', [6380]],
    [
      { nodes: ['s1:26379', 's2'], topology: 'sentinel', primaryName: 'main', username: 'iris' },
      'redis+sentinel://iris@s1:26379,s2/main',
      [26379, 6379],
    ],
    [
      { nodes: ['a:7000', '[fd00::1]:7001'], topology: 'cluster' },
      'redis+cluster://a:7000,[fd00::1]:7001',
      [7000, 7001],
    ],
  ])('make the URL of Redis from its nodes: %j', async (external, url, ports) => {
    const all = await rendered({
      redis: { external: { existingSecret: '', passwordSecret: 'redis-password', ...external } },
    });
    for (const [component, pod] of podsOf(all)) {
      if (component !== 'pdp') expect([component, variable(pod, 'IRIS_REDIS_URL')]).toEqual([component, url]);
    }
    expect(() => parseRedisUrl(url)).not.toThrow();
    const spec = named(all, 'NetworkPolicy', 'iris-auditor')?.spec as unknown as { egress: object[] };
    expect(spec.egress).toEqual([{ ports: ports.map((port) => ({ port })) }]);
  });
});

describe('the chart as a subchart', () => {
  it('renders below a parent that shares global values', async () => {
    const parent = join(folder, 'parent');
    mkdirSync(join(parent, 'charts'), { recursive: true });
    cpSync(CHART, join(parent, 'charts/iris'), { recursive: true });
    writeFileSync(join(parent, 'Chart.yaml'), 'apiVersion: v2\nname: parent\nversion: 1.0.0\n');
    const preset = { global: { imageRegistry: 'registry.example.com', labels: { team: 'ai' } } };
    writeFileSync(join(parent, 'values.yaml'), stringify(preset));
    const trial = ['iris.redis.kind=bundled', 'iris.gateway.secret.existingSecret=g', 'iris.tailnet.expose=operator'];
    const off = ['okta', 'workday', 'servicenow', 'pagerduty', 'tailscale'].map(
      (id) => `iris.enrichers.${id}.enabled=false`,
    );
    const text = await helm('template', 'platform', parent, '--set', [...trial, ...off].join(','));
    expect(podsOf(manifests(text)).has('gateway')).toBe(true);
  });
});
