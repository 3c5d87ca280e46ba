import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type Gateway, type Mesh, startMesh } from '../../apps/sandbox/src/mesh/mesh.js';

/** Key of the person who is on call. */
export const ANA_KEY = 'mcp-key-of-ana';
export const ANA = 'ana@lumen.example';

/** A client that the policies sanction. */
export const CLIENT = { name: 'claude-code', version: '2.1.0' };

export interface McpMesh {
  readonly mesh: Mesh;
  readonly gateway: Gateway;
  /** URL of the path of a server; of the aggregate for an empty id. */
  urlOf(server: string): string;
  close(): Promise<void>;
}

/** A server as `mcp.serversFile` lists it, with its entry in the tool catalog. */
export interface ListedServer {
  readonly server: { readonly id: string } & Record<string, unknown>;
  /** Absent for a server that the shipped catalog lists. */
  readonly catalog?: Record<string, unknown>;
}

/** An entry for tools of any name that everybody may use. */
export function openTools(id: string, ...tools: string[]): Record<string, unknown> {
  return { id, system: 'reference', category: 'documents', tools: { read: tools } };
}

/** The whole mesh with an MCP gateway in front of the servers. */
export async function startMcpMesh(
  servers: readonly ListedServer[],
  options: Partial<Parameters<typeof startMesh>[0]> = {},
): Promise<McpMesh> {
  const folder = await mkdtemp(join(tmpdir(), 'iris-mcp-'));
  const serversFile = join(folder, 'servers.yaml');
  const catalogFile = join(folder, 'catalog.yaml');
  await writeFile(serversFile, stringify({ servers: servers.map(({ server }) => server) }));
  const catalog = parse(await readFile('policies/catalog.yaml', 'utf8'));
  catalog.servers.push(...servers.flatMap(({ catalog: entry }) => (entry === undefined ? [] : [entry])));
  await writeFile(catalogFile, stringify(catalog, { lineWidth: 0 }));
  const mesh = await startMesh({
    root: process.cwd(),
    gateways: 0,
    ...options,
    mcpEnv: {
      IRIS_MCP_SERVERS_FILE: serversFile,
      IRIS_CATALOG_FILE: catalogFile,
      IRIS_AUTH_KEYS: `ana=${ANA_KEY}`,
      IRIS_AUTH_LOGINS: JSON.stringify({ ana: ANA }),
      IRIS_AUTH_TRUSTED_PROXIES: '127.0.0.1',
      ...options.mcpEnv,
    },
  });
  const { mcp } = mesh;
  if (mcp === undefined) throw new Error('the mesh has no MCP gateway');
  return {
    mesh,
    gateway: mcp,
    urlOf: (server) => (server === '' ? `${mcp.url}/mcp` : `${mcp.url}/mcp/${server}`),
    close: async () => {
      await mesh.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
