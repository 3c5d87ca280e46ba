import { BlockList, isIPv6 } from 'node:net';
import type { Manifest } from './helm.js';

type Labels = Readonly<Record<string, string>>;

/** One end of a connection: a pod, or an address outside of the cluster. */
export type End =
  | { readonly namespace: string; readonly labels: Labels; readonly ip?: undefined }
  | { readonly ip: string };

interface Selector {
  readonly matchLabels?: Labels;
}
interface Peer {
  readonly podSelector?: Selector;
  readonly namespaceSelector?: Selector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}
interface Rule {
  readonly from?: readonly Peer[];
  readonly to?: readonly Peer[];
  readonly ports?: readonly { readonly port: number; readonly endPort?: number; readonly protocol?: string }[];
}
interface Spec {
  readonly podSelector: Selector;
  readonly policyTypes: readonly string[];
  readonly ingress?: readonly Rule[];
  readonly egress?: readonly Rule[];
}

/**
 * Evaluates NetworkPolicies as Kubernetes documents them: a pod that no policy of a direction selects is open in that
 * direction; else the union of the rules counts; both ends must agree.
 * Source: https://kubernetes.io/docs/concepts/services-networking/network-policies/
 */
export class NetworkPolicies {
  private readonly specs: readonly Spec[];

  /** @param namespace where the policies are */
  constructor(
    manifests: readonly Manifest[],
    private readonly namespace: string,
  ) {
    this.specs = manifests.filter(({ kind }) => kind === 'NetworkPolicy').map(({ spec }) => spec as unknown as Spec);
  }

  /** Whether `from` may open a connection to `port` of `to`. */
  allows(from: End, to: End, port: number, protocol = 'TCP'): boolean {
    return this.open('Egress', from, to, port, protocol) && this.open('Ingress', to, from, port, protocol);
  }

  private open(direction: 'Ingress' | 'Egress', end: End, other: End, port: number, protocol: string): boolean {
    const { namespace } = this;
    if (end.ip !== undefined || end.namespace !== namespace) return true;
    const selecting = this.specs.filter(
      (spec) => spec.policyTypes.includes(direction) && matches(spec.podSelector, end.labels),
    );
    if (selecting.length === 0) return true;
    return selecting.some((spec) =>
      ((direction === 'Ingress' ? spec.ingress : spec.egress) ?? []).some((rule) => {
        const peers = direction === 'Ingress' ? rule.from : rule.to;
        const ports = rule.ports?.some(
          (allowed) =>
            (allowed.protocol ?? 'TCP') === protocol &&
            port >= allowed.port &&
            port <= (allowed.endPort ?? allowed.port),
        );
        return (ports ?? true) && (peers?.some((peer) => this.isPeer(peer, other)) ?? true);
      }),
    );
  }

  private isPeer({ podSelector, namespaceSelector, ipBlock }: Peer, end: End): boolean {
    if (ipBlock !== undefined) {
      return (
        end.ip !== undefined && within(end.ip, ipBlock.cidr) && !ipBlock.except?.some((cidr) => within(end.ip, cidr))
      );
    }
    if (end.ip !== undefined) return false;
    const inNamespace =
      namespaceSelector === undefined
        ? end.namespace === this.namespace
        : matches(namespaceSelector, { 'kubernetes.io/metadata.name': end.namespace });
    return inNamespace && (podSelector === undefined || matches(podSelector, end.labels));
  }
}

function matches({ matchLabels = {} }: Selector, labels: Labels): boolean {
  return Object.entries(matchLabels).every(([key, value]) => labels[key] === value);
}

function within(ip: string, cidr: string): boolean {
  const [network = '', prefix] = cidr.split('/');
  if (isIPv6(ip) !== isIPv6(network)) return false;
  const family = isIPv6(ip) ? 'ipv6' : 'ipv4';
  const list = new BlockList();
  list.addSubnet(network, Number(prefix), family);
  return list.check(ip, family);
}
