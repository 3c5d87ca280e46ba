import { isJsonObject, type Json, type JsonObject } from '@iris/contracts';
import { applyEdits, type Edit, type JsonDocument, parseDocument } from '@iris/json-document';
import {
  type CallDecider,
  type CallOrigin,
  errorText,
  type ListedTool,
  MESSAGE_LIMITS,
  RPC_ERRORS,
  type RpcNotification,
  type RpcRequest,
  type RpcResponse,
  readMessage,
  serverRequestRule,
  toolKey,
} from '@iris/mcp-calls';
import { UpstreamError } from '../upstreams/upstream.js';

/** What is known of the exchange in which a server sends messages. */
export interface ServerMessageContext {
  readonly origin: CallOrigin;
  /** Id of the server in the catalog. */
  readonly server: string;
  /** The server and the name there of a tool that is listed. */
  readonly names: (listed: string) => ListedTool | undefined;
  /** Whether the exchange is one of the specification 2026-07-28. */
  readonly stateless: boolean;
  readonly decider: CallDecider;
  /** Wraps the state of a server around the confirmation of a call, where it has one. */
  readonly wrapState?: (state: string | undefined) => Promise<string>;
  /** Whether the client asked for changes of the list of tools on this stream. */
  readonly listensToTools?: boolean;
  /** Called with the result of a handshake. */
  readonly onHandshake?: (result: JsonObject) => void;
  /** Sends the server the answer to a request that does not reach the client. */
  readonly answer: (text: string) => void;
}

/**
 * The message that a client gets in place of one of the server's: listings without the tools that are never allowed,
 * handshakes that announce changes of them, and no request that is denied.
 *
 * @returns undefined for a message that the client does not get
 * @throws UpstreamError when the text is no message
 */
export async function treatMessage(text: string, context: ServerMessageContext): Promise<string | undefined> {
  const parsed = parseDocument(text, MESSAGE_LIMITS);
  if (!parsed.ok) throw new UpstreamError(`a message of the server cannot be read (${parsed.reason})`);
  const message = readMessage(parsed.document.value);
  if (typeof message === 'string') throw new UpstreamError(`a message of the server cannot be read: ${message}`);
  if (message.kind === 'notification') return acknowledged(message, parsed.document, context) ?? text;
  if (message.kind === 'request') return (await mayReach(message, context)) ? text : undefined;
  const denial = await deniedQuestion(message, context);
  if (denial !== undefined) return errorText(message.id, RPC_ERRORS.denied, denial);
  const edits = await editsOf(message, parsed.document, context);
  return edits.length === 0 ? text : applyEdits(parsed.document, edits);
}

/** A server that sends no changes of its list acknowledges none; those of the gateway are sent all the same. */
function acknowledged(
  { method, params }: RpcNotification,
  document: JsonDocument,
  { listensToTools }: ServerMessageContext,
): string | undefined {
  const { notifications } = params;
  if (method !== 'notifications/subscriptions/acknowledged' || listensToTools !== true) return undefined;
  if (!isJsonObject(notifications) || notifications.toolsListChanged === true) return undefined;
  return applyEdits(document, [{ op: 'set', path: ['params', 'notifications', 'toolsListChanged'], json: 'true' }]);
}

async function mayReach(message: RpcRequest, context: ServerMessageContext): Promise<boolean> {
  const rule = serverRequestRule(message.method);
  if (rule === 'pass') return true;
  if (rule === undefined) {
    context.answer(errorText(message.id, RPC_ERRORS.methodNotFound, 'Method not found'));
    return false;
  }
  const denial = await decideOn(message.method, message.params, context);
  if (denial !== undefined) context.answer(errorText(message.id, RPC_ERRORS.denied, denial));
  return denial === undefined;
}

/** Why a result that asks the client for something is denied (`input_required`, specification 2026-07-28). */
async function deniedQuestion({ result }: RpcResponse, context: ServerMessageContext): Promise<string | undefined> {
  const requests = result?.inputRequests;
  if (requests === undefined) return undefined;
  if (!isJsonObject(requests)) throw new UpstreamError('inputRequests of the server is no object');
  for (const request of Object.values(requests)) {
    const { method, params = {} }: JsonObject = isJsonObject(request) ? request : {};
    if (typeof method !== 'string' || !isJsonObject(params)) throw new UpstreamError('an input request has no method');
    const rule = serverRequestRule(method);
    if (rule === undefined) return `The server asks for ${JSON.stringify(method.slice(0, 64))}, which is not known.`;
    const denial = rule === 'server' ? await decideOn(method, params, context) : undefined;
    if (denial !== undefined) return denial;
  }
  return undefined;
}

/** @returns the message of a denial */
async function decideOn(
  method: string,
  params: JsonObject,
  { decider, origin, server }: ServerMessageContext,
): Promise<string | undefined> {
  const verdict = await decider.decide({ origin, server, method, paramsStatus: 'ok', params, canAsk: false });
  return verdict.action === 'allow' ? undefined : verdict.message;
}

async function editsOf(
  { result }: RpcResponse,
  document: JsonDocument,
  context: ServerMessageContext,
): Promise<Edit[]> {
  if (result === undefined) return [];
  const edits: Edit[] = [];
  const set = (path: string[], value: Json) => edits.push({ op: 'set', path, json: JSON.stringify(value) });
  if (isJsonObject(result.capabilities)) {
    context.onHandshake?.(result);
    const { tools } = result.capabilities;
    if (isJsonObject(tools) && tools.listChanged !== true)
      set(['result', 'capabilities', 'tools', 'listChanged'], true);
  }
  if (context.wrapState !== undefined && (result.inputRequests !== undefined || result.requestState !== undefined)) {
    const state = typeof result.requestState === 'string' ? result.requestState : undefined;
    set(['result', 'requestState'], await context.wrapState(state));
  }
  let ttlMs: number | undefined;
  if (Array.isArray(result.tools)) {
    const tools = result.tools.map((tool) => (isJsonObject(tool) && typeof tool.name === 'string' ? tool.name : ''));
    const listed = tools.map((name) => context.names(name) ?? { server: context.server, name });
    const visible = await context.decider.visibility(context.origin, listed);
    listed.forEach((tool, index) => {
      if (visible.hidden.has(toolKey(tool))) edits.push({ op: 'remove', path: ['result', 'tools', index] });
    });
    ttlMs = Math.min(visible.ttlMs, typeof result.ttlMs === 'number' ? result.ttlMs : visible.ttlMs);
  }
  if (context.stateless && ttlMs !== undefined) set(['result', 'ttlMs'], Math.max(0, Math.floor(ttlMs)));
  const isCacheable = result.cacheScope !== undefined || (context.stateless && ttlMs !== undefined);
  if (isCacheable && result.cacheScope !== 'private') set(['result', 'cacheScope'], 'private');
  return document.value === null ? [] : edits;
}
