import type { Json, JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { CallPairing, type FoundCall, OrderPairing } from '../../call-pairing.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromFreeText, paramsFromObject, paramsFromText } from '../../tool-params.js';
import type { ExecutedCall } from '../llm-format.js';

/** A call item: what it calls, and how it is answered. */
export interface ItemCall {
  readonly found: FoundCall;
  readonly id: string | undefined;
  /** `self`: the item holds its own result. */
  readonly answeredBy: 'output' | 'self' | 'approval';
}

/** The call in an item of a request or of a response; undefined for any other item. */
export function callOfItem(item: JsonObject): ItemCall | undefined {
  const callId = idOf(item.call_id) ?? idOf(item.id);
  switch (textOf(item.type)) {
    case 'function_call':
      return { id: callId, answeredBy: 'output', found: named(item, item.arguments, paramsFromText(item.arguments)) };
    case 'custom_tool_call':
      return { id: callId, answeredBy: 'output', found: named(item, item.input, paramsFromFreeText(item.input)) };
    case 'local_shell_call':
      return { id: callId, answeredBy: 'output', found: typed('local_shell', item.action) };
    case 'shell_call':
      return { id: callId, answeredBy: 'output', found: typed('shell', item.action) };
    case 'apply_patch_call':
      return { id: callId, answeredBy: 'output', found: typed('apply_patch', item.operation) };
    case 'computer_call':
      return { id: callId, answeredBy: 'output', found: typed('computer', pick(item, 'action', 'actions')) };
    case 'tool_search_call':
      return {
        id: callId,
        answeredBy: 'output',
        found: { ...typed('tool_search', item.arguments), serverSide: item.execution !== 'client' },
      };
    case 'program':
      return { id: callId, answeredBy: 'output', found: hosted('programmatic_tool_calling', pick(item, 'code')) };
    case 'mcp_approval_request':
      return { id: idOf(item.id), answeredBy: 'approval', found: ofServer(item) };
    case 'mcp_call':
      return { id: idOf(item.id), answeredBy: 'self', found: ofServer(item) };
    case 'web_search_call':
      return { id: idOf(item.id), answeredBy: 'self', found: hosted('web_search', item.action) };
    case 'file_search_call':
      return { id: idOf(item.id), answeredBy: 'self', found: hosted('file_search', pick(item, 'queries')) };
    case 'code_interpreter_call':
      return { id: idOf(item.id), answeredBy: 'self', found: hosted('code_interpreter', pick(item, 'code')) };
    case 'image_generation_call':
      return { id: idOf(item.id), answeredBy: 'self', found: hosted('image_generation', {}) };
    default:
      return undefined;
  }
}

function named(item: JsonObject, rawArguments: Json | undefined, params: ReturnType<typeof paramsFromText>): FoundCall {
  const namespace = textOf(item.namespace);
  return {
    name: textOf(item.name) ?? 'unknown',
    ...(namespace === undefined ? {} : { server: namespace }),
    rawArguments,
    ...params,
    caller: callerOf(item),
  };
}

function typed(name: string, value: Json | undefined): FoundCall {
  return { name, rawArguments: value, ...paramsFromObject(value) };
}

function hosted(name: string, value: Json | undefined): FoundCall {
  return { ...typed(name, value), serverSide: true };
}

function ofServer(item: JsonObject): FoundCall {
  const server = textOf(item.server_label);
  return {
    name: textOf(item.name) ?? 'unknown',
    ...(server === undefined ? {} : { server }),
    rawArguments: item.arguments,
    ...paramsFromText(item.arguments),
    serverSide: true,
  };
}

function callerOf(item: JsonObject): 'direct' | 'programmatic' {
  return (textOf(objectOf(item.caller)?.type) ?? 'direct') === 'direct' ? 'direct' : 'programmatic';
}

function pick(item: JsonObject, ...keys: string[]): JsonObject {
  return Object.fromEntries(keys.flatMap((key) => (item[key] === undefined ? [] : [[key, item[key] as Json]])));
}

const OUTPUT_TYPE = /(?:_call_output|^tool_search_output|^program_output)$/;

/** The item at a path of a request. */
export function itemAt(body: JsonObject, path: JsonPath): JsonObject | undefined {
  const [, index] = path;
  return Array.isArray(body.input) && typeof index === 'number' ? objectOf(body.input[index]) : undefined;
}

/**
 * The calls of the history that have a result. An approved request for an MCP call counts as one: the provider runs
 * the call with this very request, and taking the approval back prevents it.
 */
export function executedCalls(body: JsonObject): ExecutedCall[] {
  const pairing = new CallPairing();
  const withoutId = new OrderPairing(pairing);
  const items = [...objectsIn(body.input)];
  const newest = newestItems(body, items);
  const localShellIds = new Map<string, string>();
  for (const [index, item] of items) {
    const place = { path: ['input', index], inNewestTurn: newest.has(index) };
    const type = textOf(item.type) ?? '';
    const call = callOfItem(item);
    if (call?.answeredBy === 'self') {
      pairing.call(`item:${index}`, call.id, call.found);
      // A call to an MCP server that has neither an output nor an error has not run.
      if (type !== 'mcp_call' || item.output || item.error) pairing.result(`item:${index}`, call.id, place);
    } else if (call) {
      const ownId = idOf(item.id);
      if (type === 'local_shell_call' && ownId && call.id) localShellIds.set(ownId, call.id);
      if (call.id === undefined || (type === 'tool_search_call' && !idOf(item.call_id)))
        withoutId.call(type, call.found);
      else pairing.call(`id:${call.id}`, call.id, call.found);
    } else if (type === 'mcp_approval_response') {
      const id = idOf(item.approval_request_id);
      if (item.approve === true) pairing.result(`id:${id}`, id, { ...place, serverSide: true });
    } else if (OUTPUT_TYPE.test(type)) {
      const named = idOf(item.call_id) ?? (type === 'local_shell_call_output' ? idOf(item.id) : undefined);
      const id = named === undefined ? undefined : (localShellIds.get(named) ?? named);
      if (id === undefined) withoutId.result(type === 'tool_search_output' ? 'tool_search_call' : type, place);
      else pairing.result(`id:${id}`, id, place);
    }
  }
  return pairing.executed();
}

/**
 * Indexes of the items that no earlier request can have carried. With server-held history all items are new. Without,
 * the walk goes back from the end over outputs and what they answer, since parallel calls may be replayed as call,
 * output, call, output; it ends at the first message or reasoning before a call.
 */
function newestItems(body: JsonObject, items: [number, JsonObject][]): ReadonlySet<number> {
  if (textOf(body.previous_response_id) || body.conversation) return new Set(items.map(([index]) => index));
  const newest = new Set<number>();
  let seenCall = false;
  for (const [index, item] of items.toReversed()) {
    const type = textOf(item.type) ?? (item.role === undefined ? 'item_reference' : 'message');
    const isClientMessage = type === 'message' && item.role !== 'assistant';
    if (type === 'reasoning' || (type === 'message' && (!isClientMessage || seenCall))) break;
    seenCall ||= callOfItem(item) !== undefined;
    newest.add(index);
  }
  return newest;
}
