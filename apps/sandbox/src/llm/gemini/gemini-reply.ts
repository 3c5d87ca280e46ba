import { createHash } from 'node:crypto';
import type { ReplyContext, StreamMessage } from '../llm-format.js';
import { pieces, type Turn } from '../turn.js';

/** Replies of generateContent and streamGenerateContent. Source: Google's API reference and SDK typings. */

type Part = Record<string, unknown>;

function callParts(turn: Turn, context: ReplyContext): Part[] {
  return (turn.calls ?? []).map((call, at) => {
    const functionCall = {
      id: call.id ?? context.id('fc-'),
      name: call.name,
      ...(call.args ? { args: call.args } : {}),
    };
    if (at > 0) return { functionCall };
    const thoughtSignature = createHash('sha256').update(JSON.stringify(functionCall)).digest('base64');
    context.signatures.add(thoughtSignature);
    return { functionCall, thoughtSignature };
  });
}

function usageOf(turn: Turn, context: ReplyContext) {
  const promptTokenCount = Math.ceil(JSON.stringify(context.body).length / 4);
  const candidatesTokenCount = Math.ceil(JSON.stringify(turn).length / 4);
  return { promptTokenCount, candidatesTokenCount, totalTokenCount: promptTokenCount + candidatesTokenCount };
}

function response(parts: Part[], turn: Turn, context: ReplyContext, responseId: string, isLast: boolean) {
  return {
    candidates: [{ content: { role: 'model', parts }, index: 0, ...(isLast ? { finishReason: 'STOP' } : {}) }],
    usageMetadata: usageOf(turn, context),
    modelVersion: context.model,
    responseId,
  };
}

const thoughtParts = (turn: Turn): Part[] =>
  turn.thinking === undefined ? [] : [{ text: turn.thinking, thought: true }];

export function geminiReply(turn: Turn, context: ReplyContext): Record<string, unknown> {
  const text = turn.text === undefined ? [] : [{ text: turn.text }];
  const parts = [...thoughtParts(turn), ...text, ...callParts(turn, context)];
  return response(parts, turn, context, context.id('gem-'), true);
}

/** Text comes in pieces, calls whole, one chunk each. */
export function geminiStream(turn: Turn, context: ReplyContext): StreamMessage[] {
  const responseId = context.id('gem-');
  const chunks: Part[][] = [
    ...thoughtParts(turn).map((part) => [part]),
    ...pieces(turn.text ?? '').map((text) => [{ text }]),
    ...callParts(turn, context).map((part) => [part]),
  ];
  if (chunks.length === 0) chunks.push([]);
  return chunks.map((parts, at) => ({ data: response(parts, turn, context, responseId, at === chunks.length - 1) }));
}
