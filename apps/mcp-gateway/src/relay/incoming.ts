import { type JsonDocument, parseDocument } from '@iris/json-document';
import { errorText, MESSAGE_LIMITS, RPC_ERRORS, type RpcMessage, type RpcRequest, readMessage } from '@iris/mcp-calls';
import { isJsonContentType } from '@modelcontextprotocol/server';
import type { BodyReader } from '../http/read-body.js';
import { checkStandardHeaders, isStateless } from '../protocol/standard-headers.js';
import type { Session } from '../sessions/session-table.js';
import { type Exchange, headerOf, sendJson } from './exchange.js';

/** A message of a client. */
export interface Incoming<M extends RpcMessage = RpcMessage> {
  readonly exchange: Exchange;
  readonly document: JsonDocument;
  readonly message: M;
  /** Whether it is of the specification 2026-07-28 and needs no session. */
  readonly stateless: boolean;
  readonly session?: Session;
}

export function isRequest(incoming: Incoming): incoming is Incoming<RpcRequest> {
  return incoming.message.kind === 'request';
}

/** Reads the message of a POST. @returns undefined when it is refused, and answered */
export async function readIncoming(exchange: Exchange, bodies: BodyReader): Promise<Incoming | undefined> {
  const refuse = (status: number, id: RpcRequest['id'] | null, code: number, text: string) => {
    sendJson(exchange, status, errorText(id, code, text));
    return undefined;
  };
  if (!isJsonContentType(headerOf(exchange, 'content-type'))) {
    return refuse(415, null, -32000, 'Unsupported Media Type: Content-Type must be application/json');
  }
  const body = await bodies.read(exchange.request);
  if (!body.ok) return refuse(body.status, null, RPC_ERRORS.invalidRequest, body.detail);
  const parsed = parseDocument(body.text, MESSAGE_LIMITS);
  if (!parsed.ok) return refuse(400, null, RPC_ERRORS.parse, `Parse error: ${parsed.reason}`);
  const { document } = parsed;
  const message = readMessage(document.value);
  if (typeof message === 'string') return refuse(400, null, RPC_ERRORS.invalidRequest, `Invalid Request: ${message}`);
  const stateless = isStateless(message, exchange.request.headers);
  const id = message.kind === 'request' ? message.id : null;
  const refusal = stateless ? checkStandardHeaders(message, exchange.request.headers) : undefined;
  if (refusal !== undefined) return refuse(400, id, refusal.code, refusal.message);
  return { exchange, document, message, stateless };
}
