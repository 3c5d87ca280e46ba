import { beforeAll, describe, expect, it } from '@jest/globals';
import { type Manifest, manifests, PRESETS, presetFile, render } from './helm.js';
import { type End, NetworkPolicies } from './network-policy.js';

const PORTS = [53, 80, 443, 3592, 3593, 3594, 5432, 6379, 8080, 8081, 9464, 50051];
const PUBLIC: End = { ip: '192.0.2.10' };
const PUBLIC_V6: End = { ip: '2001:db8::10' };
const NODE: End = { ip: '10.0.0.5' };
const METADATA: End = { ip: '169.254.169.254' };
const STRANGER: End = { namespace: 'iris', labels: { 'app.kubernetes.io/name': 'stranger' } };
const inNamespace = (namespace: string): End => ({ namespace, labels: {} });

interface Rendered {
  readonly policies: NetworkPolicies;
  readonly components: readonly string[];
  readonly all: readonly Manifest[];
}

async function rendered(preset: string, ...args: string[]): Promise<Rendered> {
  const all = manifests(await render(['--values', presetFile(preset), ...args]));
  const workloads = all.filter(({ kind }) => ['Deployment', 'StatefulSet', 'Job'].includes(kind));
  return {
    policies: new NetworkPolicies(all, 'iris'),
    components: workloads.map(({ metadata }) => metadata.labels?.['app.kubernetes.io/component'] ?? ''),
    all,
  };
}

function pod(component: string): End {
  const labels = { name: 'iris', instance: 'iris', component };
  return {
    namespace: 'iris',
    labels: Object.fromEntries(Object.entries(labels).map(([key, value]) => [`app.kubernetes.io/${key}`, value])),
  };
}

/** Every connection between two ends of a list that is allowed, as `from to port`. */
function allowed(
  { policies }: Rendered,
  from: Readonly<Record<string, End>>,
  to: Readonly<Record<string, End>>,
): string[] {
  const found: string[] = [];
  for (const [source, sourceEnd] of Object.entries(from)) {
    for (const [target, targetEnd] of Object.entries(to)) {
      if (source === target) continue;
      for (const port of PORTS) {
        if (policies.allows(sourceEnd, targetEnd, port)) found.push(`${source} ${target} ${port}`);
      }
    }
  }
  return found.sort();
}

describe.each(PRESETS)('who may talk to whom with the preset %s', (preset) => {
  let mesh: Rendered;
  let pods: Record<string, End>;
  let enrichers: string[];
  const complete = preset === 'all-entry-points';
  const bundledRedis = preset === 'trial' || complete;
  const entryPoints = complete ? ['gateway', 'mcp-gateway', 'pdp-proxy'] : ['gateway'];
  const log = ['auditor', 'console', 'decision-log-migration'];
  const pdpPort = preset === 'observe-only' ? 3594 : 3593;

  beforeAll(async () => {
    mesh = await rendered(preset);
    pods = Object.fromEntries(mesh.components.map((component) => [component, pod(component)]));
    enrichers = mesh.components.filter((component) => component.startsWith('enricher-'));
  });

  it('inside the mesh: only entry points and doctor reach the PDP and the enrichers, and only their users reach Redis and the database', () => {
    const expected = [
      'doctor gateway 8080',
      ...(complete ? ['console gateway 8080', `console pdp ${pdpPort}`] : []),
      ...(complete ? ['pdp-proxy pdp 3592'] : []),
      ...(complete ? log.map((client) => `${client} database 5432`) : []),
      ...[...entryPoints, 'doctor'].flatMap((client) => [
        `${client} pdp ${pdpPort}`,
        ...enrichers.map((enricher) => `${client} ${enricher} 50051`),
      ]),
      ...(bundledRedis
        ? [...entryPoints, ...(complete ? ['console'] : []), 'auditor', 'doctor', ...enrichers].map(
            (client) => `${client} redis 6379`,
          )
        : []),
    ].sort();
    const among = allowed(mesh, pods, pods);
    // An external Redis may be anywhere, so its port is open on the way out; no pod of the mesh is listening on it.
    expect(among.filter((line) => bundledRedis || !line.endsWith(' 6379'))).toEqual(expected);
  });

  it('from outside: hooks reach the gateway, Prometheus the metrics, and nothing else anything', () => {
    const outside = {
      proxies: inNamespace('tailscale'),
      prometheus: inNamespace('monitoring'),
      others: inNamespace('default'),
      neighbour: STRANGER,
      internet: PUBLIC,
    };
    // The preset lets every pod of the cluster ask the PDP proxy.
    const anyPod = ['proxies', 'prometheus', 'others', 'neighbour'].flatMap((client) =>
      [8080, 3593].map((port) => `${client} pdp-proxy ${port}`),
    );
    const scraped = mesh.components.filter(
      (component) => !['redis', 'pdp', 'doctor', 'database', 'decision-log-migration'].includes(component),
    );
    expect(allowed(mesh, outside, pods)).toEqual(
      [
        ...(preset === 'trial' ? ['neighbour gateway 8080'] : ['proxies gateway 8080']),
        ...(complete ? ['proxies console 8080', 'proxies mcp-gateway 8080', ...anyPod] : []),
        ...scraped.map((component) => `prometheus ${component} 9464`),
        ...(preset === 'observe-only' ? [] : ['prometheus pdp 3592']),
      ].sort(),
    );
  });

  it('to the outside: enrichers reach public addresses on 443, tainaron Cerbos Hub, nobody the cluster’s own networks', () => {
    const outside = { internet: PUBLIC, internet6: PUBLIC_V6, node: NODE, metadata: METADATA };
    const hub =
      preset === 'observe-only'
        ? ['443', '80'].flatMap((port) => [`pdp internet ${port}`, `pdp internet6 ${port}`])
        : [];
    // The preset names port 443 for the MCP servers and the OpenID provider, wherever they are.
    const upstreams = complete
      ? Object.keys(outside).flatMap((end) => [`mcp-gateway ${end} 443`, `console ${end} 443`])
      : [];
    expect(allowed(mesh, pods, outside).filter((line) => !line.endsWith(' 6379'))).toEqual(
      [
        ...hub,
        ...upstreams,
        ...enrichers.flatMap((enricher) => [`${enricher} internet 443`, `${enricher} internet6 443`]),
      ].sort(),
    );
  });

  it('the auditor reaches no sink by network before egress names it', () => {
    expect(mesh.policies.allows(pod('auditor'), PUBLIC, 443)).toBe(false);
  });

  it('everybody asks DNS', () => {
    for (const component of mesh.components) {
      expect(mesh.policies.allows(pod(component), inNamespace('kube-system'), 53, 'UDP')).toBe(true);
    }
  });

  it('an external Redis is reached by its users only', () => {
    if (bundledRedis) return;
    const users = mesh.components.filter((component) => mesh.policies.allows(pod(component), NODE, 6379));
    expect(users.sort()).toEqual(['auditor', 'doctor', 'gateway', ...enrichers].sort());
  });
});

describe('vendors by name', () => {
  it('an enricher reaches the hosts of its own vendor and no other address', async () => {
    const mesh = await rendered('production', '--set', 'networkPolicy.vendorEgress=cilium');
    const byName = mesh.all.filter(({ kind }) => kind === 'CiliumNetworkPolicy');
    const hosts = byName.map(({ metadata, spec }) => {
      const { egress } = spec as unknown as {
        egress: {
          toFQDNs?: { matchName?: string; matchPattern?: string }[];
          toPorts: { ports: { port: string }[] }[];
        }[];
      };
      const named = egress.flatMap(({ toFQDNs = [] }) => toFQDNs.map((host) => host.matchName ?? host.matchPattern));
      return [metadata.name, named];
    });
    expect(Object.fromEntries(hosts)).toEqual({
      'iris-enricher-okta': ['*.okta.com'],
      'iris-enricher-workday': ['*.workday.com', '*.myworkday.com'],
      'iris-enricher-servicenow': ['*.service-now.com'],
      'iris-enricher-pagerduty': ['api.pagerduty.com', 'identity.pagerduty.com'],
      'iris-enricher-tailscale': ['api.tailscale.com'],
    });
    for (const component of mesh.components) {
      expect([component, mesh.policies.allows(pod(component), PUBLIC, 443)]).toEqual([component, false]);
    }
  });

  it('an enricher reaches the ranges that are named, when they are', async () => {
    const mesh = await rendered('production', '--set', 'enrichers.okta.egress.cidrs={198.51.100.0/24}');
    expect(mesh.policies.allows(pod('enricher-okta'), { ip: '198.51.100.7' }, 443)).toBe(true);
    expect(mesh.policies.allows(pod('enricher-okta'), PUBLIC, 443)).toBe(false);
    expect(mesh.policies.allows(pod('enricher-workday'), PUBLIC, 443)).toBe(true);
  });
});

describe('a sidecar', () => {
  it('lets the gateway reach the tailnet’s control plane and relays, and closes the gateway’s port to all others', async () => {
    const sidecar = ['tailnet.expose=sidecar', 'tailnet.https=false', 'tailnet.sidecar.existingSecret=iris-tailnet'];
    const mesh = await rendered('observe-only', ...sidecar.flatMap((value) => ['--set', value]));
    expect(mesh.policies.allows(pod('gateway'), PUBLIC, 443)).toBe(true);
    expect(mesh.policies.allows(pod('gateway'), PUBLIC, 41641, 'UDP')).toBe(true);
    expect(mesh.policies.allows(pod('gateway'), NODE, 443)).toBe(false);
    expect(mesh.policies.allows(inNamespace('tailscale'), pod('gateway'), 8080)).toBe(false);
  });
});

describe('a webhook', () => {
  it('reaches the enricher that it is allowed to, at its HTTP port', async () => {
    const peer = '[{"namespaceSelector":{"matchLabels":{"kubernetes.io/metadata.name":"ingress"}}}]';
    const mesh = await rendered('production', '--set-json', `enrichers.pagerduty.webhookFrom=${peer}`);
    expect(mesh.policies.allows(inNamespace('ingress'), pod('enricher-pagerduty'), 8081)).toBe(true);
    expect(mesh.policies.allows(inNamespace('ingress'), pod('enricher-pagerduty'), 50051)).toBe(false);
    expect(mesh.policies.allows(inNamespace('ingress'), pod('enricher-okta'), 8081)).toBe(false);
  });

  it('comes through a Funnel, to the one path of the one enricher that has it', async () => {
    const mesh = await rendered(
      'production',
      '--set',
      'enrichers.okta.webhook.expose=funnel,enrichers.okta.webhook.host=okta',
    );
    expect(mesh.policies.allows(inNamespace('tailscale'), pod('enricher-okta'), 8081)).toBe(true);
    expect(mesh.policies.allows(inNamespace('tailscale'), pod('enricher-okta'), 50051)).toBe(false);
    expect(mesh.policies.allows(inNamespace('tailscale'), pod('enricher-pagerduty'), 8081)).toBe(false);
    const [ingress, ...others] = mesh.all.filter(
      ({ kind, metadata }) => kind === 'Ingress' && /webhook/.test(metadata.name),
    );
    expect(others).toEqual([]);
    expect(ingress?.metadata.annotations).toEqual({
      'tailscale.com/funnel': 'true',
      'tailscale.com/tags': 'tag:iris-webhook',
    });
    const spec = ingress?.spec as unknown as
      | { rules: { http: { paths: { path: string; backend: { service: { name: string } } }[] } }[] }
      | undefined;
    expect(
      spec?.rules.flatMap(({ http }) => http.paths.map(({ path, backend }) => [path, backend.service.name])),
    ).toEqual([['/webhook', 'iris-enricher-okta']]);
  });
});
