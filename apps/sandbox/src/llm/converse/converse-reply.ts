import type { ReplyContext, StreamMessage } from '../llm-format.js';
import { argumentText, pieces, type Turn } from '../turn.js';

/** Replies of Bedrock Converse, whole and as stream events. Source: AWS' API reference and SDK typings. */

const stopReason = (turn: Turn): string => ((turn.calls ?? []).length > 0 ? 'tool_use' : 'end_turn');

function usageOf(turn: Turn, context: ReplyContext) {
  const inputTokens = Math.ceil(JSON.stringify(context.body).length / 4);
  const outputTokens = Math.ceil(JSON.stringify(turn).length / 4);
  return { inputTokens, outputTokens, totalTokens: inputTokens + outputTokens };
}

export function converseReply(turn: Turn, context: ReplyContext): Record<string, unknown> {
  const content: Record<string, unknown>[] = turn.text === undefined ? [] : [{ text: turn.text }];
  for (const call of turn.calls ?? []) {
    content.push({
      toolUse: { toolUseId: call.id ?? context.id('tooluse_'), name: call.name, input: call.args ?? {} },
    });
  }
  return {
    output: { message: { role: 'assistant', content } },
    stopReason: stopReason(turn),
    usage: usageOf(turn, context),
    metrics: { latencyMs: 1 },
  };
}

export function converseStream(turn: Turn, context: ReplyContext): StreamMessage[] {
  const events: StreamMessage[] = [{ event: 'messageStart', data: { role: 'assistant' } }];
  let contentBlockIndex = 0;
  if (turn.text !== undefined) {
    for (const text of pieces(turn.text)) {
      events.push({ event: 'contentBlockDelta', data: { contentBlockIndex, delta: { text } } });
    }
    events.push({ event: 'contentBlockStop', data: { contentBlockIndex } });
    contentBlockIndex += 1;
  }
  for (const call of turn.calls ?? []) {
    const toolUse = { toolUseId: call.id ?? context.id('tooluse_'), name: call.name };
    events.push({ event: 'contentBlockStart', data: { contentBlockIndex, start: { toolUse } } });
    const text = call.args === undefined && call.rawArguments === undefined ? '' : argumentText(call);
    for (const input of text === '' ? [''] : pieces(text)) {
      events.push({ event: 'contentBlockDelta', data: { contentBlockIndex, delta: { toolUse: { input } } } });
    }
    events.push({ event: 'contentBlockStop', data: { contentBlockIndex } });
    contentBlockIndex += 1;
  }
  events.push(
    { event: 'messageStop', data: { stopReason: stopReason(turn) } },
    { event: 'metadata', data: { usage: usageOf(turn, context), metrics: { latencyMs: 1 } } },
  );
  return events;
}
