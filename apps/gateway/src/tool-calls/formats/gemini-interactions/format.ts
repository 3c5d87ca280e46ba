import type { JsonObject } from '@iris/contracts';
import type { Edit, JsonPath } from '@iris/json-document';
import { turnNumbers } from '../../item-turns.js';
import { textOf } from '../../json-access.js';
import { ATTACHMENT_REMOVED, planDenials, setField } from '../denied-results.js';
import type { LlmFormat } from '../llm-format.js';
import { restEdits } from '../rest-of-result.js';
import { pairedCalls, stepsOf } from './calls.js';
import { ATTACHMENTS, KINDS } from './kinds.js';
import { isResponse, responseCalls } from './response.js';
import { declaredTools, stripTools } from './tools.js';

/**
 * Gemini Interactions: a flat list of steps, with earlier ones held by the provider or resent.
 *
 * A denied result of the client is replaced by a notice. Images, audio, documents and videos of the same turn are
 * replaced by a text, since they may be what the tool returned. What the provider ran must go back as it came, so its
 * denial blocks.
 * Source: the types of Google's SDK (`interactions`).
 */
export const geminiInteractions: LlmFormat = {
  id: 'gemini-interactions',
  kinds: KINDS,

  matchesPath: (path) => path.endsWith('/interactions'),

  accepts: (body) =>
    body.input !== undefined && body.input !== null && body.messages === undefined && body.contents === undefined,

  matchesBody: (body) =>
    body.messages === undefined &&
    body.contents === undefined &&
    (body.previous_interaction_id !== undefined || (body.agent !== undefined && body.input !== undefined)),

  declaredTools,
  executedCalls: (body) => pairedCalls(body).executed,
  pendingCalls: (body) => pairedCalls(body).pending,
  strip: stripTools,

  redact: (redactions, body) =>
    planDenials(redactions, {
      attachments: (denied) => attachmentEdits(body, denied),
      deny: (path, notice) => [
        setField(path, 'result', notice),
        setField(path, 'is_error', true),
        ...restEdits(body, path, KEPT),
      ],
    }),

  isResponse,
  responseCalls,
};

/** What stays of a denied result beside its notice. */
const KEPT = new Set(['type', 'call_id', 'name', 'result', 'is_error', 'signature']);

const KINDS_OF_ATTACHMENTS = new Set(ATTACHMENTS);
const REMOVED = JSON.stringify({ type: 'text', text: ATTACHMENT_REMOVED });

function attachmentEdits(body: JsonObject, denied: readonly JsonPath[]): Edit[] {
  const steps = stepsOf(body);
  const turns = turnNumbers(
    steps.map(({ author }) => author),
    (index) => steps[index]?.step.type === 'model_output',
  );
  const places = new Set(denied.map((path) => JSON.stringify(path)));
  const withDenied = new Set(turns.filter((_, index) => places.has(JSON.stringify(steps[index]?.path))));
  const edits: Edit[] = [];
  for (const [index, { step, path, author }] of steps.entries()) {
    const turn = turns[index];
    if (author !== 'client' || turn === undefined || !withDenied.has(turn)) continue;
    if (KINDS_OF_ATTACHMENTS.has(textOf(step.type) ?? '')) edits.push({ op: 'set', path, json: REMOVED });
  }
  return edits;
}
