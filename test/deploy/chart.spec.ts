import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  CHART,
  HIGHEST_KUBERNETES as HIGHEST,
  helm,
  kubectl,
  LOWEST_KUBERNETES as LOWEST,
  type Manifest,
  manifests,
  PRESETS,
  presetFile,
  render,
  renderWithApis,
} from './helm.js';
import { CUSTOM_KINDS, faultsAgainstNewestSchemas, faultsAgainstOldestTypes } from './kubernetes-types.js';
import { faultsAgainstRestrictedProfile, podSpecOf } from './restricted-profile.js';

/** What the presets leave out, so that every template is validated. */
const VARIANTS: Readonly<Record<string, readonly string[]>> = {
  'sidecar with HTTPS': [
    ...['--set', 'tailnet.expose=sidecar', '--set', 'tailnet.proxyGroup=', '--set', 'tailnet.domain=tail1234.ts.net'],
    ...['--set', 'tailnet.sidecar.existingSecret=iris-tailnet'],
  ],
  'sidecar with TCP': [
    ...['--set', 'tailnet.expose=sidecar', '--set', 'tailnet.proxyGroup=', '--set', 'tailnet.https=false'],
    ...['--set', 'tailnet.sidecar.existingSecret=iris-tailnet'],
  ],
  'operator, one proxy over TCP': ['--set', 'tailnet.https=false', '--set', 'tailnet.proxyGroup='],
  'operator, ProxyGroup over TCP': ['--set', 'tailnet.https=false'],
  'vendors by name, external PDP, OTLP': [
    ...['--set', 'networkPolicy.vendorEgress=cilium', '--set', 'pdp.kind=external'],
    ...['--set', 'pdp.external.target=pdp.policy:3593', '--set', 'telemetry.otlp.endpoint=http://collector:4318'],
    ...['--set', 'auditor.replicas=2', '--set', 'auditor.fileSink.enabled=false'],
    ...[
      '--set-json',
      'auditor={"settings":{"httpSink.url":"https://siem.example.com"},"egress":[{"ports":[{"port":443}]}]}',
    ],
  ],
  'webhooks through an Ingress and a Funnel': [
    ...['--set', 'enrichers.okta.webhook.expose=funnel,enrichers.okta.webhook.host=okta-push'],
    ...['--set', 'enrichers.pagerduty.webhook.expose=ingress,enrichers.pagerduty.webhook.host=push.example.com'],
    ...['--set', 'enrichers.pagerduty.webhook.tlsSecret=push-tls,enrichers.pagerduty.webhook.className=nginx'],
    ...['--set-json', 'enrichers.pagerduty.webhookFrom=[{"namespaceSelector":{}}]'],
  ],
  'authorities of the company’s own': ['--set', 'trust.existingConfigMap=company-ca'],
  'TLS by cert-manager': ['--set', 'tls.enabled=true,tls.certManager.issuer=company'],
  'OpenShift, a proxy and a Redis by its sentinels': [
    ...['--values', presetFile('openshift'), '--set', 'proxy.https=http://proxy.example.com:3128'],
    ...['--set', 'redis.external.existingSecret=,redis.external.topology=sentinel,redis.external.primaryName=main'],
    ...['--set', 'redis.external.nodes={s1:26379,s2:26379,s3:26379},redis.external.passwordSecret=redis'],
  ],
  'everything of a pod that values can set': [
    '--set-json',
    `pod=${JSON.stringify({
      env: [{ name: 'COMPANY', value: 'example' }],
      envFrom: [{ configMapRef: { name: 'company' } }],
      volumes: [{ name: 'company', configMap: { name: 'company' } }],
      volumeMounts: [{ name: 'company', mountPath: '/etc/company' }],
      affinity: { podAntiAffinity: {} },
      tolerations: [{ key: 'dedicated', operator: 'Exists' }],
      priorityClassName: 'high',
      nodeSelector: { pool: 'mesh' },
      labels: { 'app.kubernetes.io/part-of': 'platform' },
      annotations: { 'example.com/owner': 'platform' },
      serviceAccountAnnotations: { 'iam.example.com/role': 'iris' },
    })}`,
    ...['--set-json', 'commonLabels={"app.kubernetes.io/part-of":"platform","team":"ai"}'],
    ...['--set', 'telemetry.prometheus.labels.release=kube-prometheus-stack'],
  ],
  'own PDP configuration': ['--set', 'pdp.cerbos.config.engine.strictEvaluation=true'],
};

describe('the chart', () => {
  it.each(PRESETS)('passes lint with the preset %s', async (preset) => {
    const said = await helm('lint', CHART, '--strict', '--values', presetFile(preset));
    expect(said).toContain('0 chart(s) failed');
  });

  it('is refused by a Kubernetes below the lowest supported', async () => {
    await expect(render(['--values', presetFile('trial')], '1.29.9')).rejects.toThrow(/kubeVersion/);
  });

  it.each(PRESETS)(
    'renders the preset %s alike on the lowest and the highest Kubernetes, as committed',
    async (preset) => {
      const lowest = await render(['--values', presetFile(preset)], LOWEST);
      const highest = await render(['--values', presetFile(preset)], HIGHEST);
      expect(lowest).toBe(highest);
      const golden = join(CHART, 'examples', preset, 'rendered.yaml');
      // After an intended change: npm run generate, then review the diff.
      expect(highest).toBe(readFileSync(golden, 'utf8'));
    },
  );

  it('makes no resource of a kind that the cluster lacks, unless it is told that they are there', async () => {
    const operators = ({ apiVersion }: Manifest) => apiVersion.startsWith('monitoring.coreos.com/');
    const production = ['--values', presetFile('production')];
    expect(manifests(await renderWithApis([], production)).filter(operators)).toEqual([]);
    const assumed = [...production, '--set', 'assumeCustomResources=true'];
    expect(manifests(await renderWithApis([], assumed)).filter(operators)).toHaveLength(2);
  });

  it('leads from each alert to its runbook where the runbooks can be read', async () => {
    const runbooks = ['--set', 'telemetry.prometheus.runbooks=https://git.example.com/runbooks/'];
    const all = manifests(await render(['--values', presetFile('production'), ...runbooks], HIGHEST));
    const rule = all.find(({ kind }) => kind === 'PrometheusRule') as unknown as {
      spec: { groups: { rules: { alert?: string; annotations?: Record<string, string> }[] }[] };
    };
    const alerts = rule.spec.groups.flatMap(({ rules }) => rules).filter(({ alert }) => alert !== undefined);
    expect(alerts.length).toBeGreaterThan(15);
    for (const { alert, annotations } of alerts) {
      expect(annotations?.runbook_url).toBe(`https://git.example.com/runbooks/${alert}.md`);
    }
  });

  describe('manifests', () => {
    const texts: string[] = [];
    const all: Manifest[] = [];

    beforeAll(async () => {
      const renderings = [
        ...PRESETS.map((preset) => ['--values', presetFile(preset)]),
        ...Object.values(VARIANTS).map((args) => ['--values', presetFile('production'), ...args]),
      ];
      for (const args of renderings) texts.push(await render(args));
      // Renderings share most of their manifests; each is validated once.
      const unique = new Map(texts.flatMap(manifests).map((manifest) => [JSON.stringify(manifest), manifest]));
      all.push(...unique.values());
    }, 60_000);

    it('are accepted by kustomize, which refuses a key or a resource that is there twice', async () => {
      for (const [index, text] of texts.entries()) {
        const folder = mkdtempSync(join(tmpdir(), 'iris-kustomize-'));
        try {
          writeFileSync(join(folder, 'all.yaml'), text);
          writeFileSync(join(folder, 'kustomization.yaml'), 'resources: [all.yaml]\n');
          expect([index, manifests(await kubectl('kustomize', folder)).length]).toEqual([
            index,
            manifests(text).length,
          ]);
        } finally {
          rmSync(folder, { recursive: true });
        }
      }
    }, 60_000);

    it('have only fields that the lowest Kubernetes knows', () => {
      expect(faultsAgainstOldestTypes(all)).toEqual([]);
    }, 60_000);

    it('are valid by the schemas of a newer Kubernetes', async () => {
      expect(await faultsAgainstNewestSchemas(all)).toEqual([]);
    }, 60_000);

    it('have only pods that the restricted profile of Pod Security admits', () => {
      expect(all.flatMap(faultsAgainstRestrictedProfile)).toEqual([]);
      const pods = all.flatMap((manifest) => podSpecOf(manifest) ?? []);
      expect(pods.length).toBeGreaterThan(60);
    });

    it('are all of a kind that is validated, or an operator’s', () => {
      const custom = all.filter(
        ({ apiVersion }) => !/^(v1|apps\/|batch\/|policy\/|autoscaling\/|networking\.k8s\.io\/)/.test(apiVersion),
      );
      expect([...new Set(custom.map(({ kind }) => kind))].sort()).toEqual(CUSTOM_KINDS);
    });

    it('carry the labels that Kubernetes recommends', () => {
      const needed = ['name', 'instance', 'version', 'managed-by', 'part-of'].map(
        (name) => `app.kubernetes.io/${name}`,
      );
      for (const { kind, metadata } of all) {
        expect([kind, metadata.name, needed.filter((label) => metadata.labels?.[label] === undefined)]).toEqual([
          kind,
          metadata.name,
          [],
        ]);
      }
    });

    it('are judged at all: a wrong type and an unknown field are found', async () => {
      const [first] = all.filter(({ kind }) => kind === 'Deployment');
      const wrongType = { ...first, spec: { ...first?.spec, replicas: 'two' } } as unknown as Manifest;
      expect(await faultsAgainstNewestSchemas([wrongType])).toHaveLength(1);
      const unknownField = { ...first, spec: { ...first?.spec, replica: 1 } } as unknown as Manifest;
      expect(faultsAgainstOldestTypes([unknownField]).join()).toMatch(/"replica"' does not exist/);
    }, 60_000);
  });
});
