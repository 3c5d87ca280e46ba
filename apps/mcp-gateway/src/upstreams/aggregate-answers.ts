import { isJsonObject, type JsonObject } from '@iris/contracts';
import type { RpcMessage, RpcRequest } from '@iris/mcp-calls';
import { SUBSCRIPTION_ID_META_KEY } from '@modelcontextprotocol/server';
import { FIRST_STATELESS } from '../protocol/standard-headers.js';
import type { UpstreamResponse } from './upstream.js';

export const SERVER_INFO = { name: 'iris-mcp-gateway', version: '1' };
export const CAPABILITIES = { tools: { listChanged: true }, prompts: {}, completions: {} };

/** The result of `server/discover`. */
export const DISCOVERED: JsonObject = {
  resultType: 'complete',
  supportedVersions: [FIRST_STATELESS],
  capabilities: CAPABILITIES,
  ttlMs: 0,
  cacheScope: 'private',
  _meta: { 'io.modelcontextprotocol/serverInfo': SERVER_INFO },
};

export const JSON_TYPE = { 'content-type': 'application/json' };

export function answer(status: number, text: string): UpstreamResponse {
  return { status, headers: JSON_TYPE, body: once(text) };
}

export function empty(status: number): UpstreamResponse {
  return { status, headers: {}, body: once('') };
}

async function* once(text: string): AsyncGenerator<Uint8Array> {
  if (text !== '') yield Buffer.from(text);
}

/** Acknowledges, and waits: what happens to the list of tools is announced by the gateway. */
export function listening({ id, params }: RpcRequest, signal: AbortSignal): UpstreamResponse {
  const asked = isJsonObject(params.notifications) ? params.notifications : {};
  const message: RpcAcknowledgement = {
    jsonrpc: '2.0',
    method: 'notifications/subscriptions/acknowledged',
    params: {
      notifications: asked.toolsListChanged === true ? { toolsListChanged: true } : {},
      _meta: { [SUBSCRIPTION_ID_META_KEY]: id },
    },
  };
  async function* body(): AsyncGenerator<Uint8Array> {
    yield Buffer.from(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
  }
  return { status: 200, headers: { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' }, body: body() };
}

type RpcAcknowledgement = { readonly jsonrpc: '2.0' } & Omit<Extract<RpcMessage, { kind: 'notification' }>, 'kind'>;
