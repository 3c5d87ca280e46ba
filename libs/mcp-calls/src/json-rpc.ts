import type { Json, JsonObject } from '@iris/contracts';

/** Id of a request (JSON-RPC 2.0; MCP takes no null). */
export type RpcId = string | number;

export interface RpcRequest {
  readonly kind: 'request';
  readonly id: RpcId;
  readonly method: string;
  readonly params: JsonObject;
}

export interface RpcNotification {
  readonly kind: 'notification';
  readonly method: string;
  readonly params: JsonObject;
}

/** A result or an error. */
export interface RpcResponse {
  readonly kind: 'response';
  readonly id: RpcId | null;
  readonly result?: JsonObject;
  readonly error?: JsonObject;
}

export type RpcMessage = RpcRequest | RpcNotification | RpcResponse;

/**
 * Error codes: JSON-RPC 2.0, those of MCP 2026-07-28, and for denials those of the AuthZEN binding for MCP.
 * Source: https://www.jsonrpc.org/specification#error_object
 */
export const RPC_ERRORS = {
  parse: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  denied: -32001,
  sessionNotFound: -32001,
  headerMismatch: -32020,
  unsupportedVersion: -32022,
} as const;

/** Deepest nesting and most values of a message. */
export const MESSAGE_LIMITS = { maxDepth: 64, maxNodes: 200_000 } as const;

const MEMBERS: ReadonlySet<string> = new Set(['jsonrpc', 'id', 'method', 'params', 'result', 'error']);

/**
 * Reads one message. The members are a closed list: another member, or one that differs by case, may be read differently
 * by another parser.
 *
 * @returns why it is no message of MCP, as a text
 */
export function readMessage(value: Json): RpcMessage | string {
  if (Array.isArray(value)) return 'a batch is not supported: send one message in each request';
  if (typeof value !== 'object' || value === null) return 'the body is not a JSON-RPC message';
  const unknown = Object.keys(value).find((key) => !MEMBERS.has(key));
  if (unknown !== undefined) return `${JSON.stringify(unknown.slice(0, 64))} is not a member of a JSON-RPC message`;
  if (value.jsonrpc !== '2.0') return 'jsonrpc must be "2.0"';
  return value.method === undefined ? readResponse(value) : readCall(value);
}

function readCall(value: JsonObject): RpcMessage | string {
  const { id, method, params = {} } = value;
  if (typeof method !== 'string' || method === '') return 'method must be a text that is not empty';
  if (value.result !== undefined || value.error !== undefined) return 'a message is a request or a response, not both';
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return 'params must be an object';
  if (id === undefined) return { kind: 'notification', method, params };
  return isId(id) ? { kind: 'request', id, method, params } : 'id must be a text or a whole number';
}

function readResponse({ id, result, error }: JsonObject): RpcMessage | string {
  if ((result === undefined) === (error === undefined)) return 'a response has either result or error';
  if (result !== undefined) {
    if (!isId(id)) return 'id must be a text or a whole number';
    return isObject(result) ? { kind: 'response', id, result } : 'result must be an object';
  }
  if (id !== undefined && id !== null && !isId(id)) return 'id must be a text or a whole number';
  return isObject(error) ? { kind: 'response', id: id ?? null, error } : 'error must be an object';
}

function isId(id: Json | undefined): id is RpcId {
  return typeof id === 'string' || Number.isSafeInteger(id);
}

function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function errorText(id: RpcId | null, code: number, message: string, data?: Json): string {
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code, message, ...(data !== undefined && { data }) } });
}

export function resultText(id: RpcId, result: JsonObject): string {
  return JSON.stringify({ jsonrpc: '2.0', id, result });
}
