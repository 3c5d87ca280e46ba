import type { JsonObject } from '@iris/contracts';
import { CallPairing, oncePerBody, type PairedCalls } from '../../call-pairing.js';
import type { FoundCall } from '../../found-call.js';
import { idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromObject } from '../../tool-params.js';
import { TurnPairing } from '../../turn-pairing.js';

/**
 * The calls of the history. A result answers the call with its `toolUseId`; one without answers a call of its turn by
 * position.
 */
export const pairedCalls = oncePerBody(pair);

function pair(body: JsonObject): PairedCalls {
  const pairing = new CallPairing();
  const turn = new TurnPairing(pairing);
  const messages = [...objectsIn(body.messages)];
  const lastAssistant = messages.findLast(([, message]) => message.role === 'assistant')?.[0] ?? -1;
  for (const [index, message] of messages) {
    if (message.role === 'assistant') turn.endTurn();
    for (const [position, block] of objectsIn(message.content)) {
      const use = objectOf(block.toolUse);
      if (use) turn.call('call', idOf(use.toolUseId), foundCall(use));
      const result = objectOf(block.toolResult);
      if (!result) continue;
      const inAssistant = message.role === 'assistant';
      turn.result('call', idOf(result.toolUseId), {
        path: ['messages', index, 'content', position, 'toolResult'],
        inNewestTurn: index > lastAssistant || (inAssistant && index === lastAssistant),
        serverSide: inAssistant,
      });
    }
  }
  turn.endTurn();
  return pairing.paired();
}

function foundCall(use: JsonObject): FoundCall {
  return {
    name: textOf(use.name) ?? 'unknown',
    rawArguments: use.input,
    ...paramsFromObject(use.input),
    serverSide: use.type === 'server_tool_use',
  };
}
