import type { ReplyContext, StreamMessage } from '../llm-format.js';
import { argumentText, pieces, type ScriptedCall, type Turn } from '../turn.js';

/** Replies of Chat Completions, whole and as chunks. Source: OpenAI's API reference and SDK typings. */

function toolCall(call: ScriptedCall, id: string) {
  if (call.input !== undefined) return { id, type: 'custom', custom: { name: call.name, input: call.input } };
  return { id, type: 'function', function: { name: call.name, arguments: argumentText(call) } };
}

const finishReason = (turn: Turn): string => ((turn.calls ?? []).length > 0 ? 'tool_calls' : 'stop');

function usageOf(turn: Turn, context: ReplyContext) {
  const prompt_tokens = Math.ceil(JSON.stringify(context.body).length / 4);
  const completion_tokens = Math.ceil(JSON.stringify(turn).length / 4);
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

const head = (context: ReplyContext, object: string) => ({
  id: context.id('chatcmpl-'),
  object,
  created: Math.floor(Date.now() / 1000),
  model: context.model,
});

export function chatReply(turn: Turn, context: ReplyContext): Record<string, unknown> {
  const calls = (turn.calls ?? []).map((call) => toolCall(call, call.id ?? context.id('call_')));
  const message = {
    role: 'assistant',
    content: turn.text ?? null,
    refusal: null,
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  };
  return {
    ...head(context, 'chat.completion'),
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReason(turn) }],
    usage: usageOf(turn, context),
  };
}

function callDeltas(call: ScriptedCall, index: number, id: string): Record<string, unknown>[] {
  const custom = call.input !== undefined;
  const kind = custom ? 'custom' : 'function';
  const field = custom ? 'input' : 'arguments';
  const text = call.input ?? argumentText(call);
  return [
    { index, id, type: kind, [kind]: { name: call.name, [field]: '' } },
    ...pieces(text).map((piece) => ({ index, [kind]: { [field]: piece } })),
  ];
}

export function chatStream(turn: Turn, context: ReplyContext): StreamMessage[] {
  const common = head(context, 'chat.completion.chunk');
  const chunk = (delta: Record<string, unknown>, finish_reason: string | null = null): StreamMessage => ({
    data: { ...common, choices: [{ index: 0, delta, logprobs: null, finish_reason }] },
  });
  const calls = (turn.calls ?? []).flatMap((call, index) => callDeltas(call, index, call.id ?? context.id('call_')));
  const options = context.body.stream_options;
  const wantsUsage =
    typeof options === 'object' && options !== null && 'include_usage' in options && options.include_usage === true;
  return [
    chunk({ role: 'assistant', content: turn.text === undefined ? null : '', refusal: null }),
    ...pieces(turn.text ?? '').map((content) => chunk({ content })),
    ...calls.map((call) => chunk({ tool_calls: [call] })),
    chunk({}, finishReason(turn)),
    ...(wantsUsage ? [{ data: { ...common, choices: [], usage: usageOf(turn, context) } }] : []),
    { data: '[DONE]' },
  ];
}
