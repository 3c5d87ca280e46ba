import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { type CallToolResult, createMcpHandler, Server } from '@modelcontextprotocol/server';
import type { OpenServer } from './conformance-server/open-conformance-server.js';

/** What a tool answers. */
export type SmallTool = (args: Readonly<Record<string, unknown>>) => CallToolResult | Promise<CallToolResult>;

export interface SmallServer extends OpenServer {
  /** The header `Authorization` of each request. */
  readonly authorizations: (string | undefined)[];
}

/** A server without sessions that has the given tools, on a free port. */
export async function openSmallServer(tools: Readonly<Record<string, SmallTool>>): Promise<SmallServer> {
  const mcp = createMcpHandler(() => {
    const server = new Server({ name: 'small', version: '1.0.0' }, { capabilities: { tools: {} } });
    const listed = Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' as const } }));
    server.setRequestHandler('tools/list', () => ({ tools: listed }));
    server.setRequestHandler('tools/call', async ({ params }) => {
      const tool = tools[params.name];
      if (tool === undefined) throw new Error(`no tool ${params.name}`);
      return tool(params.arguments ?? {});
    });
    return server;
  });
  const handler = toNodeHandler(mcp);
  const authorizations: (string | undefined)[] = [];
  const http = createServer((request, response) => {
    authorizations.push(request.headers.authorization);
    void handler(request, response);
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    authorizations,
    close: async () => {
      await mcp.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

export function said(text: string): CallToolResult {
  return { content: [{ type: 'text', text }] };
}
