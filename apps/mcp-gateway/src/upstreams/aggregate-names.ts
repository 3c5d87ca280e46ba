/** A tool or prompt with the server that it is of. */
export interface ServerName {
  readonly server: string;
  readonly name: string;
}

/** Ids of servers have no underscore, so the first one ends the id. */
export function joinName({ server, name }: ServerName): string {
  return `${server}_${name}`;
}

/** @returns undefined when the name begins with no listed server */
export function splitName(joined: string, servers: ReadonlyMap<string, unknown>): ServerName | undefined {
  const at = joined.indexOf('_');
  const server = joined.slice(0, at);
  return at > 0 && servers.has(server) ? { server, name: joined.slice(at + 1) } : undefined;
}
