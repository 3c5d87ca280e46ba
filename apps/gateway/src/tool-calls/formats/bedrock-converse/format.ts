import { objectOf, objectsIn } from '../../json-access.js';
import { planDenials, setField } from '../denied-results.js';
import type { LlmFormat } from '../llm-format.js';
import { nodeAt, restEdits } from '../rest-of-result.js';
import { attachmentEdits } from './attachments.js';
import { pairedCalls } from './calls.js';
import { KINDS } from './kinds.js';
import { isResponse, responseCalls } from './response.js';
import { declaredTools, stripTools } from './tools.js';

/**
 * Bedrock Converse.
 *
 * A denied result is replaced by a notice. Attachments of the same turn (images, documents, videos, audio, search
 * results) are replaced by a text, since they may be what the tool returned. `status` is set where the request has it:
 * not every model takes it. A result in the assistant's message must go back as it came, so its denial blocks.
 * Source: AWS's API reference and the types of its SDK.
 */
export const bedrockConverse: LlmFormat = {
  id: 'bedrock-converse',
  kinds: KINDS,

  matchesPath: (path) => /\/model\/.+\/converse(?:-stream)?$/.test(path),

  accepts: (body) => body.messages !== undefined && body.messages !== null,

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
  executedCalls: (body) => pairedCalls(body).executed,
  pendingCalls: (body) => pairedCalls(body).pending,
  strip: stripTools,

  redact: (redactions, body) =>
    planDenials(redactions, {
      attachments: (denied) => attachmentEdits(body, denied),
      deny: (path, notice) => [
        setField(path, 'content', [{ text: notice }]),
        ...(nodeAt(body, path)?.status === undefined ? [] : [setField(path, 'status', 'error')]),
        ...restEdits(body, path, KEPT),
      ],
    }),

  isResponse,
  responseCalls,
};

/** What stays of a denied result beside its notice. */
const KEPT = new Set(['toolUseId', 'content', 'status', 'type']);
