import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Caller } from '@iris/mcp-calls';

/** One HTTP request of an authenticated client, with its response. */
export interface Exchange {
  readonly caller: Caller;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Aborted when the client is gone. */
  readonly signal: AbortSignal;
}

export function headerOf({ request }: Exchange, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

export function sendJson({ response }: Exchange, status: number, text: string): void {
  if (response.headersSent || response.destroyed) return;
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'cache-control': 'no-store',
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

/** What a server gets of a request's headers: the transport and the protocol, never who sends it. */
const FORWARDED = /^(accept|content-type|last-event-id|mcp-protocol-version|mcp-method|mcp-name|mcp-param-.+)$/;

export function forwardedHeaders({ request }: Exchange): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.headers)) {
    if (FORWARDED.test(name) && value !== undefined) headers[name] = Array.isArray(value) ? value.join(', ') : value;
  }
  return headers;
}
