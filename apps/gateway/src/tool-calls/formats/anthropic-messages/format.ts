import type { Edit } from '@iris/json-document';
import { below, objectsIn, textOf } from '../../json-access.js';
import type { LlmFormat } from '../llm-format.js';
import { executedCalls } from './calls.js';
import { responseCalls, streamedCalls } from './response.js';
import { stripTools } from './strip.js';
import { declaredTools } from './tools.js';

/**
 * Anthropic Messages, also as the body of Bedrock InvokeModel and of Vertex rawPredict.
 * Source: Anthropic's API reference and the types of its SDK; AWS and Google Cloud for the two paths.
 */
export const anthropicMessages: LlmFormat = {
  id: 'anthropic-messages',

  matchesPath: (path) => MESSAGES_PATH.test(path) || RAW_PREDICT_PATH.test(path) || INVOKE_PATH.test(path),

  // InvokeModel serves models of other makers too; only Anthropic's body states a version.
  accepts: (body, path) =>
    Array.isArray(body.messages) && (!INVOKE_PATH.test(path) || typeof body.anthropic_version === 'string'),

  matchesBody(body) {
    if (!Array.isArray(body.messages)) return false;
    if (body.anthropic_version !== undefined || body.mcp_servers !== undefined) return true;
    for (const [, tool] of objectsIn(body.tools)) {
      if (tool.function !== undefined) return false;
      if (tool.input_schema !== undefined || /_\d{8}$|^mcp_toolset$/.test(textOf(tool.type) ?? '')) return true;
    }
    for (const [, message] of objectsIn(body.messages)) {
      if (message.tool_calls !== undefined || message.role === 'tool') return false;
      for (const [, block] of objectsIn(message.content)) {
        if (/tool_use$|tool_result$|^thinking$|^redacted_thinking$/.test(textOf(block.type) ?? '')) return true;
      }
    }
    return body.system !== undefined && body.max_tokens !== undefined;
  },

  declaredTools,
  executedCalls,
  strip: stripTools,

  redact(redactions) {
    const edits: Edit[] = [];
    for (const { call, notice } of redactions) {
      // Blocks of the assistant message must go back as they came.
      if (call.serverSide) return { status: 'not_representable', callId: call.id };
      for (const path of call.results) {
        edits.push({ op: 'set', path: below(path, 'content'), json: JSON.stringify(notice) });
        edits.push({ op: 'set', path: below(path, 'is_error'), json: 'true' });
      }
    }
    return { status: 'planned', edits };
  },

  responseCalls,
  streamedCalls,
};

const MESSAGES_PATH = /\/v1\/messages(?:\/count_tokens)?$/;
const RAW_PREDICT_PATH = /\/publishers\/anthropic\/models\/[^/]+(?::|%3A)(?:streamRawPredict|rawPredict)$/i;
const INVOKE_PATH = /\/model\/.+\/invoke(?:-with-response-stream)?$/;
