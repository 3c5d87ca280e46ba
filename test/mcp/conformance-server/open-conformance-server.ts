import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { localhostHostValidation, localhostOriginValidation, toNodeHandler } from '@modelcontextprotocol/node';
import {
  createMcpHandler,
  InMemoryServerEventBus,
  isLegacyRequest,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { conformanceServer } from './conformance-server.js';

export interface OpenServer {
  readonly url: string;
  close(): Promise<void>;
}

const NO_SESSION = { code: -32001, message: 'Session not found' };

/** The server under the conformance suite, on a free port: sessions and stateless requests on one path. */
export async function openConformanceServer(): Promise<OpenServer> {
  const bus = new InMemoryServerEventBus();
  const modern = createMcpHandler(() => conformanceServer(bus), { legacy: 'reject', bus });
  const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
  const legacy = async (request: Request): Promise<Response> => {
    const id = request.headers.get('mcp-session-id');
    const known = sessions.get(id ?? '');
    if (known !== undefined) return known.handleRequest(request);
    if (id !== null) return Response.json({ jsonrpc: '2.0', id: null, error: NO_SESSION }, { status: 404 });
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => randomUUID(),
      onsessioninitialized: (id) => void sessions.set(id, transport),
      onsessionclosed: (id) => void sessions.delete(id),
    });
    await conformanceServer(bus).connect(transport);
    return transport.handleRequest(request);
  };
  const handler = toNodeHandler({
    fetch: async (request) => ((await isLegacyRequest(request.clone())) ? legacy(request) : modern.fetch(request)),
  });
  const isLocalHost = localhostHostValidation();
  const isLocalOrigin = localhostOriginValidation();
  const http = createServer((request, response) => {
    if (isLocalHost(request, response) && isLocalOrigin(request, response)) void handler(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    close: async () => {
      await Promise.all([modern.close(), ...[...sessions.values()].map((each) => each.close())]);
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}
