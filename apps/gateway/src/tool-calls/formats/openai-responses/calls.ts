import type { Json, JsonObject } from '@iris/contracts';
import type { JsonPath } from '@iris/json-document';
import { CallPairing, oncePerBody, type PairedCalls } from '../../call-pairing.js';
import type { FoundCall, FoundResult } from '../../found-call.js';
import { type ItemAuthor, newestFrom } from '../../item-turns.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromFreeText, paramsFromObject, paramsFromText } from '../../tool-params.js';
import { TurnPairing } from '../../turn-pairing.js';

/** A call item: what it calls, and how it is answered. */
export interface ItemCall {
  readonly found: FoundCall;
  readonly id: string | undefined;
  /** `self`: the item holds its own result. */
  readonly answeredBy: 'output' | 'self' | 'approval';
}

/** The call in an item of a request or of a response; undefined for any other item. */
export function callOfItem(item: JsonObject): ItemCall | undefined {
  // No output refers to the id of an item, but it distinguishes the calls of a history.
  const callId = idOf(item.call_id) ?? idOf(item.id);
  switch (textOf(item.type)) {
    case 'function_call':
      return { id: callId, answeredBy: 'output', found: named(item, item.arguments, paramsFromText(item.arguments)) };
    case 'custom_tool_call':
      // Some providers run custom tools themselves and list the finished call without an output.
      return {
        id: callId,
        answeredBy: 'output',
        found: { ...named(item, item.input, paramsFromFreeText(item.input)), mayRunUnanswered: true },
      };
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
  const server = serverOf(textOf(item.namespace));
  return {
    name: textOf(item.name) ?? 'unknown',
    ...(server === undefined ? {} : { server }),
    rawArguments,
    ...params,
    caller: callerOf(item),
  };
}

/** The namespace of a tool as its server. Models put the tools of the client itself into the namespace `functions`. */
export function serverOf(namespace: string | undefined): string | undefined {
  return namespace === 'functions' || namespace === '' ? undefined : namespace;
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

/** The item at a path of a request. */
export function itemAt(body: JsonObject, path: JsonPath): JsonObject | undefined {
  const [, index] = path;
  return Array.isArray(body.input) && typeof index === 'number' ? objectOf(body.input[index]) : undefined;
}

/**
 * The calls of the history. An approved request for an MCP call counts as answered: the provider runs the call with
 * this very request, and taking the approval back prevents it. Outputs without a `call_id` answer the calls of their
 * turn by position. A call that is not answered yet and that the provider runs, or may run, is pending.
 */
export const pairedCalls = oncePerBody(pair);

function pair(body: JsonObject): PairedCalls {
  const pairing = new CallPairing();
  const turn = new TurnPairing(pairing);
  const items = [...objectsIn(body.input)];
  const newest = newestItem(body, items);
  const localShellIds = new Map<string, string>();
  const declined = declinedApprovals(items);
  for (const [index, item] of items) {
    const found: FoundResult = { path: ['input', index], inNewestTurn: index >= newest };
    const type = typeOf(item);
    if (type === 'message' || type === 'reasoning') turn.endTurn();
    const call = callOfItem(item);
    if (call) {
      const kind = call.answeredBy === 'self' ? `item:${index}` : type;
      const ownId = idOf(item.id);
      if (type === 'local_shell_call' && ownId && call.id) localShellIds.set(ownId, call.id);
      const isDeclined = call.answeredBy === 'approval' && call.id !== undefined && declined.has(call.id);
      turn.call(kind, call.id, isDeclined ? { ...call.found, serverSide: false } : call.found);
      if (call.answeredBy === 'self' && hasRun(item)) turn.result(kind, call.id, found);
      continue;
    }
    const answer = answerOf(item, localShellIds);
    if (answer) turn.result(answer.kind, answer.id, { ...found, ...answer.result });
  }
  turn.endTurn();
  return pairing.paired();
}

/** Ids of the requests for approval that were declined: their calls never run. */
function declinedApprovals(items: readonly [number, JsonObject][]): ReadonlySet<string> {
  const declined = items.filter(([, item]) => item.type === 'mcp_approval_response' && item.approve === false);
  return new Set(declined.map(([, item]) => textOf(item.approval_request_id) ?? ''));
}

/** The type of an item; those of messages and references may be left out. */
export function typeOf(item: JsonObject): string {
  return textOf(item.type) ?? (item.role === undefined ? 'item_reference' : 'message');
}

/** A call to an MCP server that has neither an output nor an error has not run. */
function hasRun(item: JsonObject): boolean {
  return item.type !== 'mcp_call' || Boolean(item.output) || Boolean(item.error);
}

interface Answer {
  /** The type of the calls that it can answer. */
  readonly kind: string;
  readonly id: string | undefined;
  readonly result?: Partial<FoundResult>;
}

function answerOf(item: JsonObject, localShellIds: ReadonlyMap<string, string>): Answer | undefined {
  const type = typeOf(item);
  if (type === 'mcp_approval_response') {
    if (item.approve === false) return undefined;
    return { kind: 'mcp_approval_request', id: idOf(item.approval_request_id), result: { serverSide: true } };
  }
  // Whatever the type, a message that answers a call is its result.
  const answered = type === 'message' ? (idOf(item.call_id) ?? idOf(item.tool_call_id)) : undefined;
  const kind = answered === undefined ? ANSWERS.get(type) : 'function_call';
  if (kind === undefined) return undefined;
  const named = answered ?? idOf(item.call_id) ?? (type === 'local_shell_call_output' ? idOf(item.id) : undefined);
  const name = textOf(item.name);
  const id = named === undefined ? undefined : (localShellIds.get(named) ?? named);
  return { kind, id, ...(name === undefined ? {} : { result: { name } }) };
}

/** Which calls an output answers, by its type. */
const ANSWERS: ReadonlyMap<string, string> = new Map([
  ['function_call_output', 'function_call'],
  ['custom_tool_call_output', 'custom_tool_call'],
  ['local_shell_call_output', 'local_shell_call'],
  ['shell_call_output', 'shell_call'],
  ['apply_patch_call_output', 'apply_patch_call'],
  ['computer_call_output', 'computer_call'],
  ['tool_search_output', 'tool_search_call'],
  ['program_output', 'program'],
]);

/** Who authored an item, for the turns of the history. */
export function authorOf(item: JsonObject): ItemAuthor {
  const type = typeOf(item);
  if (type === 'message') return item.role === 'assistant' ? 'model' : 'client';
  if (type === 'reasoning') return 'model';
  return callOfItem(item) === undefined ? 'other' : 'call';
}

/** The index of the first new item. With server-held history all items are new. */
function newestItem(body: JsonObject, items: [number, JsonObject][]): number {
  if (textOf(body.previous_response_id) || body.conversation) return 0;
  const position = newestFrom(items.map(([, item]) => authorOf(item)));
  return items[position]?.[0] ?? Number.POSITIVE_INFINITY;
}
