import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { stringify } from 'yaml';
import { CHART, presetFile, renderWithApis } from './helm.js';

const folder = mkdtempSync(join(tmpdir(), 'iris-refusals-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Values over the production preset that cannot work, by the name of the refusal. */
const REFUSED: readonly (readonly [name: string, values: object])[] = [
  ['enricher-missing', { enrichers: { okta: null } }],
  ['enricher-without-secret', { enrichers: { okta: { secret: { existingSecret: '' } } } }],
  [
    'vendor-hosts-missing',
    { networkPolicy: { vendorEgress: 'cilium' }, enrichers: { okta: { egress: { hosts: [] } } } },
  ],
  ['webhook-host-missing', { enrichers: { okta: { webhook: { expose: 'funnel' } } } }],
  ['funnel-host-with-domain', { enrichers: { okta: { webhook: { expose: 'funnel', host: 'okta.example.com' } } } }],
  ['webhook-unreachable', { enrichers: { okta: { webhook: { expose: 'ingress', host: 'okta.example.com' } } } }],
  ['setting-of-the-chart', { gateway: { settings: { 'http.port': 9 } } }],
  ['setting-of-the-chart', { enrichers: { okta: { settings: { 'grpc.port': 9 } } } }],
  ['setting-of-the-chart', { auditor: { settings: { 'http.port': 9 } } }],
  ['setting-of-the-chart', { gateway: { settings: { 'http-port': 9 } } }],
  [
    'setting-of-the-chart',
    {
      gateway: {
        secret: { existingSecret: '', values: { 'hook.keys': 'aperture=0123456789', 'pdp.target': 'pdp:1' } },
      },
    },
  ],
  ['setting-twice', { gateway: { settings: { 'hook.budgetMs': 1500, 'hook.budget-ms': 1000 } } }],
  ['setting-twice', { enrichers: { okta: { settings: { 'bulk.intervalSeconds': 60, 'bulk.interval_seconds': 30 } } } }],
  ['setting-twice', { auditor: { secret: { values: { 'httpSink.secret': 'x', 'httpSink-secret': 'other' } } } }],
  ['setting-name', { gateway: { settings: { 'hook budget': 1 } } }],
  ['secret-among-settings', { enrichers: { okta: { settings: { 'redis.url': 'redis://redis' } } } }],
  ['secret-among-settings', { auditor: { settings: { 'redis-url': 'redis://redis' } } }],
  ['label-of-the-chart', { commonLabels: { 'app.kubernetes.io/name': 'shop' } }],
  ['label-of-the-chart', { commonLabels: { 'app.kubernetes.io/managed-by': 'shop' } }],
  ['label-of-the-chart', { gateway: { pod: { labels: { 'app.kubernetes.io/component': 'web' } } } }],
  ['label-of-the-chart', { enrichers: { okta: { pod: { labels: { 'app.kubernetes.io/instance': 'web' } } } } }],
  ['label-of-the-chart', { telemetry: { prometheus: { labels: { 'app.kubernetes.io/name': 'web' } } } }],
  ['annotation-of-the-chart', { gateway: { podAnnotations: { 'checksum/secret': 'own' } } }],
  ['annotation-of-the-chart', { pod: { annotations: { 'checksum/config': 'own' } } }],
  [
    'annotation-of-the-chart',
    {
      enrichers: { okta: { webhook: { expose: 'funnel', host: 'okta', annotations: { 'tailscale.com/tags': 'x' } } } },
    },
  ],
  ['name-twice', { gateway: { pod: { env: [{ name: 'IRIS_HTTP_PORT', value: '9' }] } } }],
  ['name-twice', { pod: { volumes: [{ name: 'tmp', emptyDir: {} }] } }],
  ['name-twice', { auditor: { pod: { volumeMounts: [{ name: 'other', mountPath: '/tmp/' }] } } }],
  ['name-twice', { pod: { env: [{ name: 'A', value: '1' }] }, pdp: { pod: { env: [{ name: 'A', value: '2' }] } } }],
  ['secret-among-settings', { gateway: { settings: { 'hook.keys': 'aperture=0123456789' } } }],
  ['two-secrets', { gateway: { secret: { values: { 'hook.keys': 'aperture=0123456789' } } } }],
  ['two-secrets', { enrichers: { okta: { secret: { values: { 'okta.token': 'x' } } } } }],
  ['two-secrets', { redis: { external: { url: 'redis://redis:6379' } } }],
  ['hook-keys-missing', { gateway: { secret: { existingSecret: '' } } }],
  [
    'keys-file-without-secret',
    { gateway: { secret: { existingSecret: '', keysFile: 'k', values: { 'hook.keys': 'aperture=0123456789' } } } },
  ],
  ['autoscaling-range', { gateway: { autoscaling: { minReplicas: 20 } } }],
  ['drain-blocked', { gateway: { disruptionBudget: { maxUnavailable: 0 } } }],
  ['drain-blocked', { pdp: { disruptionBudget: { maxUnavailable: 0 } } }],
  ['drain-too-short', { gateway: { settings: { 'hook.budgetMs': 40_000 } } }],
  ['auditor-without-redis', { redis: { kind: 'none' } }],
  ['replicas-without-redis', { redis: { kind: 'none' }, auditor: { enabled: false } }],
  ['redis-url-missing', { redis: { external: { existingSecret: '' } } }],
  ['two-secrets', { redis: { external: { nodes: ['redis:6379'] } } }],
  ['redis-primary', { redis: { external: { existingSecret: '', nodes: ['redis:6379'], topology: 'sentinel' } } }],
  ['redis-primary', { redis: { external: { existingSecret: '', nodes: ['redis:6379'], primaryName: 'main' } } }],
  ['redis-nodes', { redis: { external: { existingSecret: '', nodes: ['a:6379', 'b:6379'] } } }],
  ['auditor-without-sink', { auditor: { fileSink: { enabled: false } } }],
  ['auditor-egress-missing', { auditor: { settings: { 'httpSink.url': 'https://siem.example.com/iris' } } }],
  ['auditor-egress-missing', { auditor: { settings: { 'otlpSink.url': 'https://collector.example.com' } } }],
  ['file-sink-shared', { auditor: { replicas: 2 } }],
  ['pdp-target-missing', { pdp: { kind: 'external' } }],
  ['pdp-target-missing', { pdp: { kind: 'external', external: { target: 'fd00::10:3593' } } }],
  ['pdp-target-missing', { pdp: { kind: 'external', external: { target: 'pdp.policy' } } }],
  ['pdp-image-missing', { pdp: { kind: 'tainaron', tainaron: { existingSecret: 'hub' } } }],
  ['custom-resource-missing', { networkPolicy: { vendorEgress: 'cilium' } }],
  ['custom-resource-missing', { tls: { enabled: true, certManager: { issuer: 'company' } } }],
  ['hub-credentials-missing', { pdp: { kind: 'tainaron', tainaron: { secretValues: { CERBOS_HUB_CLIENT_ID: 'x' } } } }],
  ['pdp-auth-key-missing', { pdp: { kind: 'tainaron', tainaron: { tailnet: { join: true } } } }],
  [
    'strictness-contradicted',
    { pdp: { kind: 'tainaron', tainaron: { existingSecret: 'hub', strictEvaluation: false } } },
  ],
  ['strictness-contradicted', { pdp: { cerbos: { config: { storage: { driver: 'disk' } } } } }],
  ['sidecar-auth-key-missing', { tailnet: { expose: 'sidecar', proxyGroup: '', https: false } }],
  ['sidecar-with-proxy-group', { tailnet: { expose: 'sidecar', https: false } }],
  ['tailnet-domain-missing', { tailnet: { expose: 'sidecar', proxyGroup: '' } }],
  ['vendor-egress-unused', { networkPolicy: { enabled: false, vendorEgress: 'cilium' } }],
  ['gateway-unreachable', { tailnet: { expose: 'none' } }],
  ['autoscaling-range', { pdpProxy: { autoscaling: { enabled: true, minReplicas: 20 } } }],
  ['mcp-servers-missing', { mcpGateway: { enabled: true } }],
  ['mcp-gateway-unreachable', { mcpGateway: { enabled: true, servers: 'servers: []', hostname: '' } }],
  ['pdp-proxy-unreachable', { pdpProxy: { enabled: true } }],
  ['callers-missing', { pdpProxy: { enabled: true } }],
  ['pdp-url-missing', { pdpProxy: { enabled: true }, pdp: { kind: 'external' } }],
  ['setting-of-the-chart', { pdpProxy: { enabled: true, settings: { 'pdp.target': 'pdp:1' } } }],
  ['two-secrets', { mcpGateway: { secret: { existingSecret: 'a', values: { 'oauth.issuer': 'b' } } } }],
  ['console-without-log', { console: { enabled: true } }],
  ['console-access-missing', { console: { enabled: true } }],
  ['console-unreachable', { console: { enabled: true, hostname: '' } }],
  ['log-without-auditor', { auditor: { enabled: false }, decisionLog: { kind: 'bundled' } }],
  ['database-url-missing', { decisionLog: { kind: 'external' } }],
  ['database-password-missing', { decisionLog: { kind: 'bundled' } }],
  ['secret-among-settings', { auditor: { settings: { 'decisionLog.url': 'postgres://db' } } }],
  ['pod-monitor-without-metrics', { telemetry: { prometheus: { enabled: false } } }],
];

/** Values that the schema refuses, with what it names. */
const REFUSED_BY_SCHEMA: readonly (readonly [named: RegExp, values: object])[] = [
  [/gateway.*mode/s, { gateway: { mode: 'watch' } }],
  [/bamboohr/, { enrichers: { bamboohr: {} } }],
  [/replica\b/, { gateway: { replica: 2 } }],
  [/okta.*replicas/s, { enrichers: { okta: { replicas: 0 } } }],
  [/TS_KEY/, { pdp: { tainaron: { secretValues: { TS_KEY: 'x' } } } }],
  [/hostname/, { tailnet: { hostname: 'Iris_1' } }],
  [/logLevel/, { logLevel: 'fatal' }],
  [/commonLabels/, { commonLabels: { team: 'two words' } }],
  [/dnsPorts/, { networkPolicy: { dnsPorts: [] } }],
  [/podLabels/, { gateway: { pod: { podLabels: {} } } }],
];

async function refusal(values: object): Promise<string> {
  const file = join(mkdtempSync(join(folder, 'values-')), 'values.yaml');
  writeFileSync(file, stringify(values));
  try {
    // A cluster without operators.
    await renderWithApis([], ['--values', presetFile('production'), '--values', file]);
    return 'rendered';
  } catch (error) {
    return (error as { stderr: string }).stderr;
  }
}

describe('values that cannot work', () => {
  it.each(REFUSED)('are refused as %s: %j', async (name, values) => {
    expect(await refusal(values)).toContain(`\n  ${name}: `);
  });

  it('are all told at once', async () => {
    const said = await refusal({ redis: { kind: 'none' }, gateway: { secret: { existingSecret: '' } } });
    expect(said).toMatch(/hook-keys-missing/);
    expect(said).toMatch(/auditor-without-redis/);
  });

  it('are each provoked here', () => {
    const templates = readdirSync(join(CHART, 'templates')).filter((name) => name.startsWith('_validate'));
    const text = templates.map((name) => readFileSync(join(CHART, 'templates', name), 'utf8')).join('\n');
    const names = [...text.matchAll(/"([a-z-]+): /g)].map(([, name]) => name);
    expect([...new Set(REFUSED.map(([name]) => name))].sort()).toEqual([...new Set(names)].sort());
  });

  it.each(REFUSED_BY_SCHEMA)('are refused by the schema, naming %s', async (named, values) => {
    const said = await refusal(values);
    expect(said).toMatch(/schema/);
    expect(said).toMatch(named);
  });
});
