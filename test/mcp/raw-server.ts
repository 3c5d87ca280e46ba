import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OpenServer } from './conformance-server/open-conformance-server.js';

/** A call as a server gets it. */
export interface RawCall {
  readonly id: unknown;
  readonly tool: string;
  readonly response: ServerResponse;
}

/** A server of sessions whose answers to calls are written byte by byte, on a free port. */
export async function openRawServer(answer: (call: RawCall) => void | Promise<void>): Promise<OpenServer> {
  const http = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    if (request.method !== 'POST') return void response.writeHead(405).end();
    const { id, method, params } = JSON.parse(Buffer.concat(chunks).toString('utf8'));
    if (id === undefined) return void response.writeHead(202).end();
    const json = { 'content-type': 'application/json' };
    if (method !== 'initialize') return void (await answer({ id, tool: params?.name, response }));
    const result = {
      protocolVersion: '2025-11-25',
      capabilities: { tools: {} },
      serverInfo: { name: 'raw', version: '1' },
    };
    response.writeHead(200, json).end(JSON.stringify({ jsonrpc: '2.0', id, result }));
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp`,
    close: async () => {
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

/** Writes a result with a text of that size, in the pace of the reader. */
export async function writeLarge({ id, response }: RawCall, bytes: number, asEvent: boolean): Promise<void> {
  const chunk = Buffer.alloc(65_536, 'x');
  response.writeHead(200, { 'content-type': asEvent ? 'text/event-stream' : 'application/json' });
  response.write(`${asEvent ? 'event: message\ndata: ' : ''}{"result":{"content":[{"type":"text","text":"`);
  for (let sent = 0; sent < bytes && !response.destroyed; sent += chunk.length) {
    if (!response.write(chunk)) await drained(response);
  }
  response.end(`"}]},"jsonrpc":"2.0","id":${JSON.stringify(id)}}${asEvent ? '\n\n' : ''}`);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done).off('close', done);
      resolve();
    };
    response.on('drain', done).on('close', done);
  });
}
