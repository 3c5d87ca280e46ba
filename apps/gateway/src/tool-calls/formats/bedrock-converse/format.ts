import type { JsonObject } from '@iris/contracts';
import type { Edit } from '@iris/json-document';
import { CallPairing, OrderPairing } from '../../call-pairing.js';
import type { FoundCall } from '../../found-call.js';
import { below, idOf, objectOf, objectsIn, textOf } from '../../json-access.js';
import { paramsFromObject } from '../../tool-params.js';
import type { ExecutedCall, LlmFormat } from '../llm-format.js';
import { isResponse, responseCalls } from './response.js';
import { declaredTools, stripTools } from './tools.js';

/**
 * Bedrock Converse. Source: AWS's API reference and the types of its SDK.
 */
export const bedrockConverse: LlmFormat = {
  id: 'bedrock-converse',

  matchesPath: (path) => /\/model\/.+\/converse(?:-stream)?$/.test(path),

  accepts: (body) => Array.isArray(body.messages),

  matchesBody(body) {
    if (!Array.isArray(body.messages)) return false;
    if (body.toolConfig !== undefined || body.inferenceConfig !== undefined) return true;
    for (const [, message] of objectsIn(body.messages)) {
      for (const [, block] of objectsIn(message.content)) {
        if (objectOf(block.toolUse) || objectOf(block.toolResult)) return true;
      }
    }
    return false;
  },

  declaredTools,
  executedCalls,
  strip: stripTools,

  redact(redactions) {
    const edits: Edit[] = [];
    for (const { call, notice } of redactions) {
      if (call.serverSide) return { status: 'not_representable', callId: call.id };
      for (const path of call.results) {
        edits.push({ op: 'set', path: below(path, 'content'), json: JSON.stringify([{ text: notice }]) });
        edits.push({ op: 'set', path: below(path, 'status'), json: '"error"' });
      }
    }
    return { status: 'planned', edits };
  },

  isResponse,
  responseCalls,
};

function executedCalls(body: JsonObject): ExecutedCall[] {
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
  return pairing.executed();
}

function foundCall(use: JsonObject): FoundCall {
  return {
    name: textOf(use.name) ?? 'unknown',
    rawArguments: use.input,
    ...paramsFromObject(use.input),
    serverSide: use.type === 'server_tool_use',
  };
}
