import type { JsonObject } from '@iris/contracts';
import { CallPairing, oncePerBody, type PairedCalls } from '../../call-pairing.js';
import { nodesOf } from '../../closed-world/index.js';
import type { FoundCall, FoundResult } from '../../found-call.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromFreeText, paramsFromText } from '../../tool-params.js';
import { TurnPairing } from '../../turn-pairing.js';
import { foundCall as foundBlockCall } from '../anthropic-messages/calls.js';

/**
 * The calls of the history. A result answers the call with its id. Results without ids answer the calls of the same
 * turn by position, which is how compatible servers that drop ids pair them.
 */
export const pairedCalls = oncePerBody(pair);

function pair(body: JsonObject): PairedCalls {
  const pairing = new CallPairing();
  const turn = new TurnPairing(pairing);
  const messages = [...objectsIn(body.messages)];
  const lastAssistant = messages.findLast(([, message]) => message.role === 'assistant')?.[0] ?? -1;
  for (const [index, message] of messages) {
    if (message.role === 'assistant') turn.endTurn();
    for (const { id, found, kind, holdsResult } of callsOfMessage(message)) {
      turn.call(kind, id, found);
      if (holdsResult)
        turn.result(kind, id, { path: ['messages', index], inNewestTurn: index >= lastAssistant, serverSide: true });
    }
    for (const { kind, id, found } of resultsOfMessage(message, index, index > lastAssistant))
      turn.result(kind, id, message.role === 'assistant' ? { ...found, serverSide: true } : found);
  }
  turn.endTurn();
  return pairing.paired();
}

interface MessageResult {
  readonly kind: string;
  readonly id: string | undefined;
  readonly found: FoundResult;
}

function resultsOfMessage(message: JsonObject, index: number, inNewestTurn: boolean): MessageResult[] {
  const results: MessageResult[] = [];
  const name = textOf(message.name);
  const found = { path: ['messages', index], inNewestTurn, ...(name === undefined ? {} : { name }) };
  const id = idOf(message.tool_call_id);
  // Whatever the role, a message that answers a call is its result.
  if (message.role === 'tool' || id !== undefined) results.push({ kind: 'call', id, found });
  else if (message.role === 'function') results.push({ kind: 'legacy', id: undefined, found });
  for (const [position, block] of objectsIn(message.content)) {
    if (block.type !== 'tool_result') continue;
    const path = ['messages', index, 'content', position];
    results.push({ kind: 'call', id: idOf(block.tool_use_id), found: { path, inNewestTurn } });
  }
  return results;
}

/** A call as a message carries it, in a request and in a response alike. */
export interface MessageCall {
  readonly id: string | undefined;
  readonly found: FoundCall;
  /** `legacy`: from `function_call`, which has no id. `server`: run by the server. */
  readonly kind: 'call' | 'legacy' | 'server';
  /** The message holds the result too. */
  readonly holdsResult?: boolean;
}

/** The calls of an assistant message. */
export function callsOfMessage(message: JsonObject): MessageCall[] {
  const calls: MessageCall[] = [];
  for (const call of nodesOf(message.tool_calls)) {
    for (const found of callsOfEntry(call)) calls.push({ id: idOf(call.id), found, kind: 'call' });
  }
  const legacy = objectOf(message.function_call);
  if (legacy) calls.push({ id: undefined, found: callOfFunction(legacy), kind: 'legacy' });
  for (const block of nodesOf(message.content)) {
    const found = foundBlockCall(block);
    if (found) calls.push({ id: idOf(block.id), found, kind: 'call' });
  }
  // Groq's compound models list here what they ran by themselves, with its output.
  for (const tool of nodesOf(message.executed_tools)) {
    const name = textOf(tool.name) ?? textOf(tool.type) ?? 'unknown';
    const found = { name, rawArguments: tool.arguments, ...paramsFromText(tool.arguments), serverSide: true };
    calls.push({ id: idOf(tool.id), found, kind: 'server', holdsResult: true });
  }
  return calls;
}

/** What an entry names; more than one call when it names them in several places, since servers differ in what counts. */
function callsOfEntry(call: JsonObject): FoundCall[] {
  const calls: FoundCall[] = [];
  const custom = objectOf(call.custom);
  const inner = objectOf(call.function);
  if (custom) calls.push(freeTextCall(custom));
  if (inner) calls.push(callOfFunction(inner));
  const isOther = call.name !== undefined && calls.every(({ name }) => name !== call.name);
  if (calls.length === 0 || isOther) calls.push(call.type === 'custom' ? freeTextCall(call) : callOfFunction(call));
  return calls;
}

function callOfFunction(call: JsonObject): FoundCall {
  return { name: textOf(call.name) ?? 'unknown', rawArguments: call.arguments, ...paramsFromText(call.arguments) };
}

function freeTextCall(call: JsonObject): FoundCall {
  return { name: textOf(call.name) ?? 'unknown', rawArguments: call.input, ...paramsFromFreeText(call.input) };
}
