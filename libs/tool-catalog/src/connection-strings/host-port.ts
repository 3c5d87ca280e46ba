import { isIPv6 } from 'node:net';

const HOST = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]{0,62})(?:\.[a-z0-9_][a-z0-9_-]{0,62})*$/;
const PORT = /^[1-9]\d{0,4}$/;

/**
 * A host name or address as text, lower-case and without a trailing dot (RFC 1034 §3.1); IPv6 without brackets.
 *
 * @returns undefined for anything with other characters, percent-encoding and internationalised names included
 */
export function normalHost(text: string): string | undefined {
  const bare = text.startsWith('[') && text.endsWith(']') ? text.slice(1, -1) : text.replace(/\.$/, '');
  const host = bare.toLowerCase();
  // One address has many spellings; URL has one (RFC 5952).
  if (isIPv6(host)) return host.includes('%') ? undefined : new URL(`http://[${host}]`).hostname.slice(1, -1);
  return text.startsWith('[') || !HOST.test(host) || /(^|\.)xn--/.test(host) ? undefined : host;
}

/** `host`, `host:port`, `[v6]` or `[v6]:port` in its normal form; undefined for anything else. */
export function hostAndPort(text: string): string | undefined {
  const parts = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(text);
  if (parts === null) return normalHost(text);
  return withPort(parts[1] ?? '', parts[2]);
}

/** A host and a port, where there is one, in their normal form; undefined when either is malformed. */
export function withPort(host: string, port: string | undefined): string | undefined {
  const normal = normalHost(host);
  if (normal === undefined || port === undefined || port === '') return normal;
  if (!PORT.test(port) || Number(port) > 65_535) return undefined;
  return normal.includes(':') ? `[${normal}]:${port}` : `${normal}:${port}`;
}

/** Each part in its normal form; undefined when one is malformed. */
export function hostList(parts: readonly string[]): string[] | undefined {
  const hosts = parts.map(hostAndPort);
  return hosts.every((host) => host !== undefined) ? hosts : undefined;
}

/** Hosts with the ports that are in a list of their own: one for all, or one for each. */
export function hostsWithPorts(hosts: readonly string[], ports: readonly string[]): string[] | undefined {
  if (hosts.length === 0) return undefined;
  if (ports.length === 0) return hostList(hosts);
  if (ports.length !== 1 && ports.length !== hosts.length) return undefined;
  const joined = hosts.map((host, index) => withPort(host, ports.length === 1 ? ports[0] : ports[index]));
  return joined.every((host) => host !== undefined) ? joined : undefined;
}
