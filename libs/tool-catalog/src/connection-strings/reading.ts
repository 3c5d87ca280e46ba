/** Where a connection string leads. User names, passwords and options are left out. */
export interface ConnectionReading {
  /** `host` or `host:port`, lower-case. Any of them may be the one that is used. */
  readonly hosts: readonly string[];
  /** Names of databases and the like. They say less than the host. */
  readonly names: readonly string[];
}

/** `unrecognised`: the text belongs to the driver family, or to none, and is not fully understood. */
export type ConnectionResult = ConnectionReading | 'unrecognised';

/** What a driver family accepts: options by what they mean. An option in neither list makes the text unrecognised. */
export interface FamilyOptions {
  /** Change nothing about where the connection leads. */
  readonly harmless: ReadonlySet<string>;
  /** Name hosts, several separated by commas. */
  readonly hosts?: ReadonlySet<string>;
  /** Name further hosts, which some drivers ignore: they never stand alone. */
  readonly furtherHosts?: ReadonlySet<string>;
  /** Name a database. */
  readonly names?: ReadonlySet<string>;
  /** Give a port for the hosts. */
  readonly ports?: ReadonlySet<string>;
}

/** A set of the words of a text, so that long lists of options stay readable. */
export function words(text: string): ReadonlySet<string> {
  return new Set(text.trim().split(/\s+/));
}

/**
 * Reads options by the lists of a family.
 *
 * @returns undefined when an option is unknown, occurs twice, or has a value that is no host where one is expected
 */
export function readOptions(
  options: readonly (readonly [key: string, value: string])[],
  family: FamilyOptions,
):
  | { readonly hosts: string[]; readonly further: string[]; readonly names: string[]; readonly ports: string[] }
  | undefined {
  const seen = new Set<string>();
  const read = { hosts: [] as string[], further: [] as string[], names: [] as string[], ports: [] as string[] };
  for (const [key, value] of options) {
    if (seen.has(key)) return undefined;
    seen.add(key);
    if (family.hosts?.has(key)) read.hosts.push(...value.split(','));
    else if (family.furtherHosts?.has(key)) read.further.push(...value.split(','));
    else if (family.ports?.has(key)) read.ports.push(...value.split(','));
    else if (family.names?.has(key)) read.names.push(value);
    else if (!family.harmless.has(key)) return undefined;
  }
  return read;
}
