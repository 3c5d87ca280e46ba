import { objectsIn, textOf } from '../../json-access.js';
import { planDenials, setField } from '../denied-results.js';
import type { LlmFormat } from '../llm-format.js';
import { nodeAt, restEdits } from '../rest-of-result.js';
import { attachmentEdits } from './attachments.js';
import { pairedCalls } from './calls.js';
import { KINDS } from './kinds.js';
import { isResponse, responseCalls } from './response.js';
import { declaredTools, stripTools } from './tools.js';

/**
 * OpenAI Chat Completions, also as spoken by Azure and by compatible servers, with the legacy `functions`.
 *
 * Compatible servers accept blocks of other shapes in `content`, so `tool_use` and `tool_result` blocks are read here
 * too: a call must not escape judgement by its spelling.
 *
 * A denied result is replaced by a notice. Attachments in messages of the user in the same turn are replaced by a text,
 * since they may be what the tool returned. A result that the server put into the assistant's message cannot be
 * replaced, so its denial blocks.
 * Source: OpenAI's API reference and the types of its SDK.
 */
export const openaiChat: LlmFormat = {
  id: 'openai-chat',
  kinds: KINDS,

  matchesPath: (path) => path.endsWith('/chat/completions'),

  accepts: (body) => body.messages !== undefined && body.messages !== null,

  matchesBody(body) {
    if (!Array.isArray(body.messages)) return false;
    if (body.functions !== undefined || body.function_call !== undefined || body.web_search_options !== undefined) {
      return true;
    }
    for (const [, tool] of objectsIn(body.tools))
      if (tool.function !== undefined || tool.custom !== undefined) return true;
    for (const [, message] of objectsIn(body.messages)) {
      if (message.tool_calls !== undefined || message.function_call !== undefined) return true;
      if (OPENAI_ROLES.has(textOf(message.role) ?? '')) return true;
    }
    return body.max_completion_tokens !== undefined;
  },

  declaredTools,
  executedCalls: (body) => pairedCalls(body).executed,
  pendingCalls: (body) => pairedCalls(body).pending,
  strip: stripTools,

  redact: (redactions, body) =>
    planDenials(redactions, {
      attachments: (denied) => attachmentEdits(body, denied),
      deny(path, notice) {
        const isBlock = path.length > 2 && nodeAt(body, path)?.type === 'tool_result';
        return [
          setField(path, 'content', notice),
          ...(isBlock ? [setField(path, 'is_error', true)] : []),
          ...restEdits(body, path, isBlock ? KEPT_OF_BLOCK : KEPT),
        ];
      },
    }),

  isResponse,
  responseCalls,
};

/** `system` is not among them: Anthropic has it too. */
const OPENAI_ROLES = new Set(['tool', 'function', 'developer']);

/** What stays of a denied result beside its notice. */
const KEPT = new Set(['role', 'tool_call_id', 'tool_use_id', 'name', 'content', 'cache_control']);
const KEPT_OF_BLOCK = new Set(['type', 'tool_use_id', 'content', 'is_error', 'cache_control']);
