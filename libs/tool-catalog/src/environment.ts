import { isIP } from 'node:net';
import { hostAndPort } from './connection-strings/host-port.js';

/** An environment as the catalog declares it. */
export interface EnvironmentRule {
  readonly name: string;
  /** Match names, and hosts of the organisation without its domain. */
  readonly patterns: readonly RegExp[];
  /** Whole host names, and `*.domain` for every host below a domain, lower-case. */
  readonly hosts: readonly string[];
}

export interface EnvironmentRules {
  /** From the most to the least restrictive. */
  readonly environments: readonly EnvironmentRule[];
  /** Domains of the organisation, lower-case. */
  readonly domains: readonly string[];
  /** Ports of this machine on which services of a developer listen; any other port may be a tunnel. */
  readonly localPorts: ReadonlySet<string>;
}

/** The environment that a text names. */
export interface Recognition {
  /** Place in the list of environments, 0 the most restrictive; Infinity when not recognised. */
  readonly rank: number;
  /** The host pattern, regular expression or host that decided. */
  readonly by?: string;
}

export const NOT_RECOGNISED: Recognition = { rank: Number.POSITIVE_INFINITY };

const LOOPBACK = new Set(['localhost', '127.0.0.1', '::1']);
const PLAIN_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:/@-]*$/;

/** The stricter of two. */
export function stricter(one: Recognition, other: Recognition): Recognition {
  return other.rank < one.rank ? other : one;
}

/**
 * The environment of `host` or `host:port`. Patterns count only for hosts that belong to the organisation: those below
 * its domains, and names without a dot, which only its own resolvers know. An address proves nothing, and a name outside is
 * recognised only when it is listed. The most restrictive environment is recognised anywhere in the text.
 */
export function recogniseHost({ environments, domains, localPorts }: EnvironmentRules, text: string): Recognition {
  const alarm = raisedBy(environments.slice(0, 1), text);
  return stricter(recogniseOwnHost({ environments, domains, localPorts }, text), alarm);
}

/** As `recogniseHost`, but a host outside the organisation is never recognised by its name alone. */
export function recogniseOwnHost(rules: EnvironmentRules, text: string): Recognition {
  const normal = hostAndPort(text);
  if (normal === undefined) return NOT_RECOGNISED;
  const [, v6, name, port] = /^(?:\[(.*)\]|([^:]*))(?::(\d+))?$/.exec(normal) ?? [];
  const host = v6 ?? name ?? normal;
  if (LOOPBACK.has(host) && port !== undefined && !rules.localPorts.has(port)) return NOT_RECOGNISED;
  const own = ownPart(host, rules.domains);
  for (const [rank, { hosts, patterns }] of rules.environments.entries()) {
    const listed = hosts.find((entry) => isListedHost(entry, host));
    if (listed !== undefined) return { rank, by: listed };
    const pattern = own === undefined ? undefined : patterns.find((candidate) => candidate.test(own));
    if (pattern !== undefined) return { rank, by: pattern.source };
  }
  return NOT_RECOGNISED;
}

/** Whether a host is the listed one, or below `*.domain`. */
export function isListedHost(entry: string, host: string): boolean {
  return entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry;
}

/** The environment of a name that is no host: a cluster's context, a database. */
export function recogniseName({ environments }: EnvironmentRules, text: string): Recognition {
  return PLAIN_NAME.test(text) ? raisedBy(environments, text) : raisedBy(environments.slice(0, 1), text);
}

/** The strictest environment whose patterns match anywhere in a text. It may raise a risk, never lower one. */
export function raisedBy(environments: readonly EnvironmentRule[], text: string): Recognition {
  for (const [rank, { patterns }] of environments.entries()) {
    const pattern = patterns.find((candidate) => candidate.test(text));
    if (pattern !== undefined) return { rank, by: pattern.source };
  }
  return NOT_RECOGNISED;
}

/** The part of a host that the organisation chose; undefined for an address or a host of others. */
function ownPart(host: string, domains: readonly string[]): string | undefined {
  if (isIP(host) !== 0 || /(^|\.)(\d+|0x[0-9a-f]*)$/.test(host)) return undefined;
  if (!host.includes('.')) return host;
  const domain = domains.find((candidate) => host.endsWith(`.${candidate}`));
  return domain === undefined ? undefined : host.slice(0, -domain.length - 1);
}
