import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { type CallOrigin, type ClientInfo, type RpcMessage } from '@iris/mcp-calls';
import { CLIENT_INFO_META_KEY } from '@modelcontextprotocol/server';
import type { Session } from '../sessions/session-table.js';
import type { Exchange } from './exchange.js';

/** Longest name or version of a client, in UTF-16 units. */
const MAX_CLIENT_LENGTH = 128;

/** From whom a message is, and by which client. */
export function originOf(
  { caller, request }: Exchange,
  session: Session | undefined,
  message: RpcMessage | undefined,
): CallOrigin {
  const client = clientInfo(session?.client.clientInfo ?? metaOf(message)[CLIENT_INFO_META_KEY]);
  return { caller, sessionId: session?.id, userAgent: request.headers['user-agent'], ...(client && { client }) };
}

/** `_meta` of the parameters. */
export function metaOf(message: RpcMessage | undefined): JsonObject {
  const meta = message === undefined || message.kind === 'response' ? undefined : message.params._meta;
  return isJsonObject(meta) ? meta : {};
}

function clientInfo(stated: Json | undefined): ClientInfo | undefined {
  if (!isJsonObject(stated)) return undefined;
  const { name, version } = stated;
  if (typeof name !== 'string' || name === '' || name.length > MAX_CLIENT_LENGTH) return undefined;
  return { name, ...(typeof version === 'string' && version.length <= MAX_CLIENT_LENGTH && { version }) };
}
