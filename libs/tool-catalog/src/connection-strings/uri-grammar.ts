import { hostList, hostsWithPorts } from './host-port.js';
import { type ConnectionResult, type FamilyOptions, readOptions } from './reading.js';

/** A driver family whose connection strings are URIs. */
export interface UriFamily {
  /** Matches the scheme, lower-case and without `://`. */
  readonly scheme: RegExp;
  readonly options: FamilyOptions;
  /** Whether the names of options are read without regard to case. */
  readonly foldKeys?: boolean;
  /** Whether the authority may be empty when an option names the host. */
  readonly hostByOption?: boolean;
}

const USER = "[A-Za-z0-9._~%!$&'()*+=:-]*";
const SHAPE = new RegExp(
  `^([A-Za-z][A-Za-z0-9+.-]*)://(?:${USER}@)?([A-Za-z0-9._,:\\[\\]-]*)(?:/([A-Za-z0-9._~%-]*))?(?:\\?([^?#@;\\\\\\s]*)?)?$`,
);

/**
 * Reads a URI inside the part of RFC 3986 that libpq, WHATWG URL and the drivers' own parsers read alike: one user at
 * most, no fragment, no percent-encoding in a host, one path segment, no `@` elsewhere. The drivers differ in everything
 * else, so everything else is unrecognised.
 *
 * @returns undefined when the scheme is of another family
 */
export function readUri(text: string, family: UriFamily): ConnectionResult | undefined {
  const scheme = /^\s*([A-Za-z][A-Za-z0-9+.-]*):\/\//.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined || !family.scheme.test(scheme)) return undefined;
  const shape = SHAPE.exec(text);
  if (shape === null) return 'unrecognised';
  const [, , authority = '', path = '', query = ''] = shape;
  const pairs = queryPairs(query, family.foldKeys ?? false);
  const name = decoded(path);
  const options = pairs && readOptions(pairs, family.options);
  if (options === undefined || name === undefined) return 'unrecognised';
  const named = authority === '' && family.hostByOption ? [] : hostList(authority.split(','));
  // A port beside the hosts of the authority is for the hosts that an option names, or replaces theirs.
  const more = options.hosts.length === 0 && options.ports.length === 0 ? [] : moreHosts(authority, options);
  const further = hostList(options.further);
  if (!named || !more || !further || named.length + more.length === 0) return 'unrecognised';
  return {
    hosts: [...new Set([...named, ...more, ...further])],
    names: [name, ...options.names].filter((text) => text !== ''),
  };
}

function moreHosts(
  authority: string,
  { hosts, ports }: { readonly hosts: readonly string[]; readonly ports: readonly string[] },
): string[] | undefined {
  if (hosts.length > 0) return hostsWithPorts(hosts, ports);
  return hostsWithPorts(
    authority.split(',').map((part) => part.replace(/:\d+$/, '')),
    ports,
  );
}

/** The options of a query, decoded; undefined when one cannot be decoded or has no value. */
export function queryPairs(query: string, foldKeys: boolean): [string, string][] | undefined {
  const pairs: [string, string][] = [];
  for (const part of query === '' ? [] : query.split('&')) {
    const at = part.indexOf('=');
    const key = at > 0 ? decoded(part.slice(0, at)) : undefined;
    const value = at > 0 ? decoded(part.slice(at + 1)) : undefined;
    if (key === undefined || value === undefined) return undefined;
    pairs.push([foldKeys ? key.toLowerCase() : key, value]);
  }
  return pairs;
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
