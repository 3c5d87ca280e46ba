import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EvidenceRecord, readEvidence } from '@iris/evidence';
import { Agent, request } from 'undici';
import { startMesh } from '../../apps/sandbox/src/mesh/mesh.js';
import { checkOf, FloorClient } from './floor-client.js';
import { measured, median, percentile, round, type Table } from './table.js';

const BLOCKS = Number(process.env.BENCH_BLOCKS ?? 40);
const BLOCK = 50;
const WARM_UP = 400;
const KEY = 'benchmark-key';
const LOGIN = 'ben@lumen.example';
const TOOL = 'read_text_file';

/** A warm `tools/call` through the MCP gateway and directly, against a bare check of the PDP. */
export async function run(): Promise<Table> {
  const server = await openServer();
  const folder = await mkdtemp(join(tmpdir(), 'iris-bench-mcp-'));
  const serversFile = join(folder, 'servers.yaml');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
  await writeFile(serversFile, JSON.stringify({ servers: [{ id: 'filesystem', url }] }));
  const mesh = await startMesh({
    root: process.cwd(),
    gateways: 0,
    mcpEnv: {
      IRIS_MCP_SERVERS_FILE: serversFile,
      IRIS_AUTH_KEYS: `ben=${KEY}`,
      IRIS_AUTH_LOGINS: JSON.stringify({ ben: LOGIN }),
    },
  });
  const agent = new Agent({ connections: 1 });
  let floor: FloorClient | undefined;
  try {
    const { mcp } = mesh;
    if (mcp === undefined) throw new Error('the mesh has an MCP gateway');
    const direct = await McpSession.begin(url, agent);
    const through = await McpSession.begin(`${mcp.url}/mcp/filesystem`, agent);
    await through.calls(WARM_UP);
    await direct.calls(WARM_UP);
    floor = await FloorClient.start(mesh.pdp.target, checkOf(await decisionIn(mcp.evidenceDirectory)));
    await floor.check(WARM_UP, 1);

    const times = { bare: [] as number[], direct: [] as number[], through: [] as number[] };
    const added: number[] = [];
    const ratios: number[] = [];
    for (let block = 0; block < BLOCKS; block += 1) {
      const bare = await floor.check(BLOCK, 1);
      const [itself, gateway] = [await direct.calls(BLOCK), await through.calls(BLOCK)];
      times.bare.push(...bare);
      times.direct.push(...itself);
      times.through.push(...gateway);
      added.push(median(gateway) - median(itself));
      ratios.push((median(gateway) - median(itself)) / median(bare));
    }
    const p50Added = percentile(times.through, 50) - percentile(times.direct, 50);
    const row = (what: string, figures: readonly number[]) => [
      what,
      round(percentile(figures, 50)),
      round(percentile(figures, 99)),
    ];
    return {
      title: 'A warm tools/call through the MCP gateway against a bare check of the PDP',
      columns: ['what', 'p50 ms', 'p99 ms'],
      rows: [
        row('bare check', times.bare),
        row('tools/call, directly', times.direct),
        row('tools/call, through the gateway', times.through),
        ['added by the gateway', round(p50Added), ''],
      ],
      goals: [
        {
          what: 'median added latency of tools/call against a bare check',
          measured: p50Added / percentile(times.bare, 50),
          atMost: 1.5,
        },
      ],
      measures: [
        measured('mcp: added latency against a bare check', 'x', ratios),
        measured('mcp: added latency', 'ms', added),
      ],
      notes: [`Blocks of ${BLOCK} take turns, ${BLOCKS} of each, one after another.`],
    };
  } finally {
    floor?.close();
    await agent.close();
    await mesh.close();
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** A server that answers each call at once. */
async function openServer(): Promise<Server> {
  const http = createServer(async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { id, method } = JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}');
    const result =
      method === 'initialize'
        ? { protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'bench', version: '1' } }
        : { content: [{ type: 'text', text: 'text of a small file' }] };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return http;
}

class McpSession {
  private nextId = 1;

  private constructor(
    private readonly url: string,
    private readonly agent: Agent,
    private readonly sessionId: string | undefined,
  ) {}

  static async begin(url: string, agent: Agent): Promise<McpSession> {
    const clientInfo = { name: 'claude-code', version: '2.1.0' };
    const params = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo };
    const { headers } = await post(url, agent, {}, { id: 0, method: 'initialize', params });
    const id = headers['mcp-session-id'];
    return new McpSession(url, agent, typeof id === 'string' ? id : undefined);
  }

  /** Makes so many calls one after another, and returns their times in ms. */
  async calls(count: number): Promise<number[]> {
    const session: Record<string, string> = this.sessionId === undefined ? {} : { 'mcp-session-id': this.sessionId };
    const times: number[] = [];
    for (let index = 0; index < count; index += 1) {
      const start = performance.now();
      const params = { name: TOOL, arguments: { path: `/srv/notes/${index}.txt` } };
      const { text } = await post(this.url, this.agent, session, { id: this.nextId, method: 'tools/call', params });
      times.push(performance.now() - start);
      if (!text.includes('small file')) throw new Error(`a call was not allowed: ${text}`);
      this.nextId += 1;
    }
    return times;
  }
}

async function post(url: string, dispatcher: Agent, headers: Record<string, string>, message: object) {
  const answer = await request(url, {
    method: 'POST',
    dispatcher,
    body: JSON.stringify({ jsonrpc: '2.0', ...message }),
    headers: {
      authorization: `Bearer ${KEY}`,
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...headers,
    },
  });
  return { headers: answer.headers, text: await answer.body.text() };
}

async function decisionIn(directory: string): Promise<EvidenceRecord> {
  for await (const record of readEvidence(directory)) if (record.action !== undefined) return record;
  throw new Error('no decision is recorded');
}
