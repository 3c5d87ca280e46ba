import type { JsonObject } from '@iris/contracts';
import { CallPairing, type FoundCall, OrderPairing } from '../../call-pairing.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromFreeText, paramsFromText } from '../../tool-params.js';
import { foundCall as foundBlockCall } from '../anthropic-messages/calls.js';
import type { ExecutedCall } from '../llm-format.js';

/** The calls of the history that a message answers. */
export function executedCalls(body: JsonObject): ExecutedCall[] {
  const pairing = new CallPairing();
  const messages = [...objectsIn(body.messages)];
  const lastAssistant = messages.findLast(([, message]) => message.role === 'assistant')?.[0] ?? -1;
  const withoutId = new OrderPairing(pairing);
  for (const [index, message] of messages) {
    if (message.role === 'assistant') withoutId.startTurn();
    for (const call of callsOfMessage(message)) {
      if (call.id !== undefined) pairing.call(`id:${call.id}`, call.id, call.found);
      else withoutId.call(call.legacy ? `legacy:${call.found.name}` : 'call', call.found);
    }
    const place = { path: ['messages', index], inNewestTurn: index > lastAssistant };
    if (message.role === 'tool') {
      const id = idOf(message.tool_call_id);
      const name = textOf(message.name);
      const result = { ...place, ...(name === undefined ? {} : { name }) };
      if (id === undefined) withoutId.result('call', result);
      else pairing.result(`id:${id}`, id, result);
    } else if (message.role === 'function') {
      const name = textOf(message.name) ?? 'unknown';
      withoutId.result(`legacy:${name}`, { ...place, name });
    }
    for (const [position, block] of objectsIn(message.content)) {
      if (block.type !== 'tool_result') continue;
      const id = idOf(block.tool_use_id);
      const result = { ...place, path: ['messages', index, 'content', position] };
      if (id === undefined) withoutId.result('call', result);
      else pairing.result(`id:${id}`, id, result);
    }
  }
  return pairing.executed();
}

/** A call as a message carries it, in a request and in a response alike. */
export interface MessageCall {
  readonly id: string | undefined;
  readonly found: FoundCall;
  /** From `function_call`, which has no id. */
  readonly legacy?: boolean;
}

/** The calls of an assistant message. */
export function callsOfMessage(message: JsonObject): MessageCall[] {
  const calls: MessageCall[] = [];
  for (const [, call] of objectsIn(message.tool_calls)) calls.push({ id: idOf(call.id), found: callOfEntry(call) });
  const legacy = objectOf(message.function_call);
  if (legacy) calls.push({ id: undefined, found: callOfFunction(legacy), legacy: true });
  for (const [, block] of objectsIn(message.content)) {
    const found = foundBlockCall(block);
    if (found) calls.push({ id: idOf(block.id), found });
  }
  return calls;
}

function callOfEntry(call: JsonObject): FoundCall {
  const custom = objectOf(call.custom);
  const inner = objectOf(call.function);
  if (custom && !inner) return freeTextCall(custom);
  if (!inner && call.type === 'custom') return freeTextCall(call);
  return callOfFunction(inner ?? call);
}

function callOfFunction(call: JsonObject): FoundCall {
  return { name: textOf(call.name) ?? 'unknown', rawArguments: call.arguments, ...paramsFromText(call.arguments) };
}

function freeTextCall(call: JsonObject): FoundCall {
  return { name: textOf(call.name) ?? 'unknown', rawArguments: call.input, ...paramsFromFreeText(call.input) };
}
