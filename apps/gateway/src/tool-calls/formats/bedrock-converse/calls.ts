import type { JsonObject } from '@iris/contracts';
import { CallPairing, OrderPairing } from '../../call-pairing.js';
import type { FoundCall } from '../../found-call.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromObject } from '../../tool-params.js';
import type { ExecutedCall, RequestedCall } from '../llm-format.js';

/** The calls of the history that have a result. */
export function executedCalls(body: JsonObject): ExecutedCall[] {
  return pairingOf(body).executed();
}

/** The calls without a result that the provider runs with this request. */
export function pendingCalls(body: JsonObject): RequestedCall[] {
  return pairingOf(body).pending();
}

const PAIRINGS = new WeakMap<JsonObject, CallPairing>();

function pairingOf(body: JsonObject): CallPairing {
  let pairing = PAIRINGS.get(body);
  if (pairing === undefined) {
    pairing = pair(body);
    PAIRINGS.set(body, pairing);
  }
  return pairing;
}

function pair(body: JsonObject): CallPairing {
  const pairing = new CallPairing();
  const withoutId = new OrderPairing(pairing);
  const messages = [...objectsIn(body.messages)];
  const lastAssistant = messages.findLast(([, message]) => message.role === 'assistant')?.[0] ?? -1;
  for (const [index, message] of messages) {
    if (message.role === 'assistant') withoutId.startTurn();
    for (const [position, block] of objectsIn(message.content)) {
      const use = objectOf(block.toolUse);
      if (use) {
        const id = idOf(use.toolUseId);
        if (id === undefined) withoutId.call('call', foundCall(use));
        else pairing.call(`id:${id}`, id, foundCall(use));
      }
      const result = objectOf(block.toolResult);
      if (!result) continue;
      const inAssistant = message.role === 'assistant';
      const found = {
        path: ['messages', index, 'content', position, 'toolResult'],
        inNewestTurn: index > lastAssistant || (inAssistant && index === lastAssistant),
        serverSide: inAssistant,
      };
      const id = idOf(result.toolUseId);
      if (id === undefined) withoutId.result('call', found);
      else pairing.result(`id:${id}`, id, found);
    }
  }
  return pairing;
}

function foundCall(use: JsonObject): FoundCall {
  return {
    name: textOf(use.name) ?? 'unknown',
    rawArguments: use.input,
    ...paramsFromObject(use.input),
    serverSide: use.type === 'server_tool_use',
  };
}
