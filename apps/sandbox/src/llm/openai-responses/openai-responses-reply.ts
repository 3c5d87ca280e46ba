import type { ReplyContext, StreamMessage } from '../llm-format.js';
import { argumentText, pieces, type ScriptedCall, type Turn } from '../turn.js';
import { wholeInput } from './openai-responses-rules.js';
import type { ResponsesBody } from './openai-responses-shape.js';
import type { ResponseItem } from './response-store.js';

/** Replies of the Responses API, whole and as stream events. Source: OpenAI's API reference and SDK typings. */

function callItem(call: ScriptedCall, context: ReplyContext): ResponseItem {
  const call_id = call.id ?? context.id('call_');
  const namespace = call.namespace === undefined ? {} : { namespace: call.namespace };
  if (call.input !== undefined) {
    return {
      type: 'custom_tool_call',
      id: context.id('ctc_'),
      call_id,
      name: call.name,
      ...namespace,
      input: call.input,
    };
  }
  return {
    type: 'function_call',
    id: context.id('fc_'),
    call_id,
    name: call.name,
    ...namespace,
    arguments: argumentText(call),
    status: 'completed',
  };
}

function outputOf(turn: Turn, context: ReplyContext): ResponseItem[] {
  const output: ResponseItem[] = [];
  if (turn.thinking !== undefined) {
    output.push({ type: 'reasoning', id: context.id('rs_'), summary: [{ type: 'summary_text', text: turn.thinking }] });
  }
  if (turn.text !== undefined) {
    const content = [{ type: 'output_text', text: turn.text, annotations: [], logprobs: [] }];
    output.push({ type: 'message', id: context.id('msg_'), role: 'assistant', status: 'completed', content });
  }
  for (const call of turn.calls ?? []) output.push(callItem(call, context));
  return output;
}

export function responsesReply(turn: Turn, context: ReplyContext): Record<string, unknown> {
  const body = context.body as ResponsesBody;
  const id = context.id('resp_');
  const output = outputOf(turn, context);
  const conversation = typeof body.conversation === 'object' ? body.conversation?.id : (body.conversation ?? undefined);
  context.responses.issue(output);
  if (body.store !== false) context.responses.store(id, wholeInput(body, context.responses), output, conversation);
  const input_tokens = Math.ceil(JSON.stringify(body).length / 4);
  const output_tokens = Math.ceil(JSON.stringify(output).length / 4);
  return {
    id,
    object: 'response',
    created_at: Math.floor(Date.now() / 1000),
    status: 'completed',
    error: null,
    incomplete_details: null,
    instructions: body.instructions ?? null,
    metadata: {},
    model: context.model,
    output,
    parallel_tool_calls: body.parallel_tool_calls ?? true,
    previous_response_id: body.previous_response_id ?? null,
    store: body.store ?? true,
    temperature: 1,
    tool_choice: body.tool_choice ?? 'auto',
    tools: body.tools ?? [],
    top_p: 1,
    usage: {
      input_tokens,
      input_tokens_details: { cached_tokens: 0 },
      output_tokens,
      output_tokens_details: { reasoning_tokens: 0 },
      total_tokens: input_tokens + output_tokens,
    },
  };
}

function itemEvents(item: ResponseItem, output_index: number): Record<string, unknown>[] {
  const at = { item_id: item.id, output_index };
  const added = (blank: Record<string, unknown>) => ({
    type: 'response.output_item.added',
    output_index,
    item: { ...item, ...blank, ...(item.status === undefined ? {} : { status: 'in_progress' }) },
  });
  const done = { type: 'response.output_item.done', output_index, item };
  if (item.type === 'function_call') {
    const text = String(item.arguments);
    return [
      added({ arguments: '' }),
      ...pieces(text).map((delta) => ({ type: 'response.function_call_arguments.delta', ...at, delta })),
      { type: 'response.function_call_arguments.done', ...at, name: item.name, arguments: text },
      done,
    ];
  }
  if (item.type === 'custom_tool_call') {
    const text = String(item.input);
    return [
      added({ input: '' }),
      ...pieces(text).map((delta) => ({ type: 'response.custom_tool_call_input.delta', ...at, delta })),
      { type: 'response.custom_tool_call_input.done', ...at, input: text },
      done,
    ];
  }
  if (item.type === 'message') {
    const [part] = item.content as { text: string }[];
    const text = part?.text ?? '';
    const content_index = 0;
    return [
      added({ content: [] }),
      { type: 'response.content_part.added', ...at, content_index, part: { ...part, text: '' } },
      ...pieces(text).map((delta) => ({
        type: 'response.output_text.delta',
        ...at,
        content_index,
        delta,
        logprobs: [],
      })),
      { type: 'response.output_text.done', ...at, content_index, text, logprobs: [] },
      { type: 'response.content_part.done', ...at, content_index, part },
      done,
    ];
  }
  return [added({ summary: [] }), done];
}

export function responsesStream(turn: Turn, context: ReplyContext): StreamMessage[] {
  const response = responsesReply(turn, context);
  const started = { ...response, status: 'in_progress', output: [], usage: null };
  const events: Record<string, unknown>[] = [
    { type: 'response.created', response: started },
    { type: 'response.in_progress', response: started },
    ...(response.output as ResponseItem[]).flatMap(itemEvents),
    { type: 'response.completed', response },
  ];
  return events.map((event, sequence_number) => ({
    event: String(event.type),
    data: { ...event, sequence_number },
  }));
}
