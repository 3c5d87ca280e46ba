import { idOf, objectsIn, textOf } from '../../json-access.js';
import { planDenials, setField } from '../denied-results.js';
import type { LlmFormat } from '../llm-format.js';
import { restEdits } from '../rest-of-result.js';
import { attachmentEdits } from './attachments.js';
import { executedCalls, pendingCalls } from './calls.js';
import { KINDS } from './kinds.js';
import { isResponse, responseCalls } from './response.js';
import { stripTools } from './strip.js';
import { declaredTools } from './tools.js';

/**
 * Anthropic Messages, also as the body of Bedrock InvokeModel and of Vertex rawPredict.
 *
 * A denied result is replaced by a notice. Attachments of the same turn (images, documents, search results, uploads to
 * a container) are replaced by a text, since they may be what the tool returned. A result in the assistant's message
 * must go back as it came, so its denial blocks.
 * Source: Anthropic's API reference and the types of its SDK; AWS and Google Cloud for the two paths.
 */
export const anthropicMessages: LlmFormat = {
  id: 'anthropic-messages',
  kinds: KINDS,

  matchesPath: (path) => MESSAGES_PATH.test(path) || RAW_PREDICT_PATH.test(path) || INVOKE_PATH.test(path),

  accepts(body, path) {
    if (body.messages === undefined || body.messages === null) return false;
    const model = INVOKE_PATH.exec(path)?.[1];
    // InvokeModel serves models of other makers too; only Anthropic's body states a version.
    return model === undefined || (servesAnthropic(model) && idOf(body.anthropic_version) !== undefined);
  },

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
  pendingCalls,
  strip: stripTools,

  redact: (redactions, body) =>
    planDenials(redactions, {
      attachments: (denied) => attachmentEdits(body, denied),
      deny: (path, notice) => [
        setField(path, 'content', notice),
        setField(path, 'is_error', true),
        ...restEdits(body, path, KEPT),
      ],
    }),

  isResponse,
  responseCalls,
};

/** What stays of a denied result beside its notice. */
const KEPT = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control', 'toolset_name', 'caller']);

const MESSAGES_PATH = /\/v1\/messages(?:\/count_tokens)?$/;
const RAW_PREDICT_PATH = /\/publishers\/anthropic\/models\/[^/]+(?::|%3A)(?:streamRawPredict|rawPredict)$/i;
const INVOKE_PATH = /\/model\/(.+)\/invoke(?:-with-response-stream)?$/;

/**
 * Whether a model id of Bedrock can be a model of Anthropic: its maker is named (`us.anthropic.claude-…`), or no maker
 * is, as in the ARN of an inference profile.
 */
function servesAnthropic(id: string): boolean {
  const model = id.replace(/^.*(?:\/|%2F)/i, '');
  return /(?:^|\.)anthropic\./.test(model) || !/^(?:[a-z-]+\.)?[a-z0-9]+\./.test(model);
}
