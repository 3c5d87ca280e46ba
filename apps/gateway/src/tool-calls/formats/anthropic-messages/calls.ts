import type { JsonObject } from '@iris/contracts';
import { CallPairing } from '../../call-pairing.js';
import type { FoundCall } from '../../found-call.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromObject } from '../../tool-params.js';
import type { ExecutedCall, RequestedCall } from '../llm-format.js';

/** The calls of the history that have a result, run by the client or by the provider. */
export function executedCalls(body: JsonObject): ExecutedCall[] {
  return pairingOf(body).executed();
}

/**
 * The calls without a result that the provider runs with this request: server tools after `pause_turn` or beside a
 * client's tool. An earlier turn is no exception, since such a result may come turns later.
 */
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
  const messages = [...objectsIn(body.messages)];
  const lastAssistant = messages.findLast(([, message]) => message.role === 'assistant')?.[0] ?? -1;
  for (const [index, message] of messages) {
    for (const [position, block] of objectsIn(message.content)) {
      const call = foundCall(block);
      const result = resultId(block);
      if (call) pairing.call(idOf(block.id) ?? '', idOf(block.id), call);
      else if (result !== undefined) {
        const inAssistant = message.role === 'assistant';
        const toolset = textOf(block.toolset_name);
        pairing.result(result, idOf(result), {
          path: ['messages', index, 'content', position],
          inNewestTurn: index > lastAssistant || (inAssistant && index === lastAssistant),
          ...(toolset === undefined ? {} : { server: toolset }),
          serverSide: inAssistant,
        });
      }
    }
  }
  return pairing;
}

/** The call in a block of an assistant message, or in a block of a response. */
export function foundCall(block: JsonObject): FoundCall | undefined {
  const type = textOf(block.type);
  if (type !== 'tool_use' && type !== 'server_tool_use' && type !== 'mcp_tool_use') return undefined;
  const server = textOf(block.server_name) ?? textOf(block.toolset_name);
  const caller = textOf(objectOf(block.caller)?.type) ?? 'direct';
  return {
    name: textOf(block.name) ?? 'unknown',
    ...(server === undefined ? {} : { server }),
    rawArguments: block.input,
    ...paramsFromObject(block.input),
    caller: caller === 'direct' ? 'direct' : 'programmatic',
    serverSide: type !== 'tool_use',
  };
}

/** The id that a result block answers: `tool_result` and all kinds of `*_tool_result`. */
function resultId(block: JsonObject): string | undefined {
  const type = textOf(block.type);
  return type?.endsWith('tool_result') ? (idOf(block.tool_use_id) ?? '') : undefined;
}
