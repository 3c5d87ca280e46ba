import { HttpUpstream } from './http-upstream.js';
import { StdioUpstream } from './stdio-upstream.js';
import type { Upstream } from './upstream.js';
import { readUpstreamFile, resolveValues } from './upstream-file.js';

/**
 * The servers of the file by id. A credential that is missing stops the start rather than a call.
 *
 * @throws ConfigError naming what cannot be used
 */
export function openUpstreams(path: string, environment: NodeJS.ProcessEnv): ReadonlyMap<string, Upstream> {
  return new Map(
    readUpstreamFile(path).map((server) => {
      const isProcess = 'command' in server;
      resolveValues(isProcess ? server.env : server.headers, environment);
      return [server.id, isProcess ? new StdioUpstream(server, environment) : new HttpUpstream(server, environment)];
    }),
  );
}
