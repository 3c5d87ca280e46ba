import { uniqueByKey } from '../../json-access.js';
import { planDenials, setField } from '../denied-results.js';
import type { LlmFormat } from '../llm-format.js';
import { nodeAt, restEdits } from '../rest-of-result.js';
import { attachmentEdits } from './attachments.js';
import { pairedCalls } from './calls.js';
import { ATTACHMENTS, KINDS } from './kinds.js';
import { hasContents, requestsOf } from './requests.js';
import { isResponse, responseCalls } from './response.js';
import { declaredTools, stripTools } from './tools.js';

/**
 * Gemini generateContent, also on Vertex AI and in the wrapper of Code Assist.
 *
 * The JSON is that of protocol buffers: every field may be spelled in camel or in snake case, and a field that is
 * empty may be left out. So absent `args` are the way to write no arguments and are read as `empty`.
 *
 * A denied response is replaced by an error, without its parts. Other parts with data or a file in the same turn are
 * replaced by a text, since they may be what the tool returned. What the provider ran must go back as it came, so its
 * denial blocks.
 * Source: Google's API reference, the types of its SDK, and the protocol buffers' JSON mapping.
 */
export const gemini: LlmFormat = {
  id: 'gemini',
  kinds: KINDS,

  matchesPath: (path) => /(?::|%3A)(?:streamGenerateContent|generateContent|countTokens)$/i.test(path),

  accepts: (body) => requestsOf(body).some(({ request }) => hasContents(request)),

  matchesBody: (body) => body.messages === undefined && requestsOf(body).some(({ request }) => hasContents(request)),

  declaredTools: (body) => uniqueByKey(requestsOf(body).flatMap(({ request }) => declaredTools(request))),
  executedCalls: (body) => pairedCalls(body).executed,
  pendingCalls: (body) => pairedCalls(body).pending,

  strip(body, keys) {
    const edits = requestsOf(body).flatMap(({ request, path }) => stripTools(request, path, keys));
    return { status: 'planned', edits };
  },

  redact: (redactions, body) =>
    planDenials(redactions, {
      attachments: (denied) => attachmentEdits(body, denied),
      deny(path, notice) {
        const part = path.slice(0, -1);
        // Two members in one part: it is unknown which of them the API reads.
        if (ATTACHMENTS.some((key) => nodeAt(body, part)?.[key] !== undefined)) return undefined;
        return [
          setField(path, 'response', { error: notice }),
          ...restEdits(body, path, KEPT),
          ...restEdits(body, part, KEPT_OF_PART),
        ];
      },
    }),

  isResponse,
  responseCalls,
};

/** What stays of a denied response beside its notice: `error` is the name by which models know a failure. */
const KEPT = new Set(['id', 'name', 'response', 'willContinue', 'scheduling']);
const KEPT_OF_PART = new Set(['functionResponse', 'thought', 'thoughtSignature']);
