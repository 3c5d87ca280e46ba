import { createHash } from 'node:crypto';
import type { ReplyContext, StreamMessage } from '../llm-format.js';
import { argumentText, pieces, type Turn } from '../turn.js';

/** Replies of the Messages API, whole and as stream events. Source: Anthropic's API reference and SDK typings. */

type Block =
  | { type: 'thinking'; thinking: string; signature: string }
  | { type: 'text'; text: string }
  | { type: 'tool_use'; id: string; name: string; input: Record<string, unknown> };

interface PlacedBlock {
  block: Block;
  /** Argument text as streamed. */
  argumentText: string;
}

function blocksOf(turn: Turn, context: ReplyContext): PlacedBlock[] {
  const blocks: PlacedBlock[] = [];
  if (turn.thinking !== undefined) {
    const signature = createHash('sha256').update(turn.thinking).digest('base64');
    context.signatures.add(signature);
    blocks.push({ block: { type: 'thinking', thinking: turn.thinking, signature }, argumentText: '' });
  }
  if (turn.text !== undefined) blocks.push({ block: { type: 'text', text: turn.text }, argumentText: '' });
  for (const call of turn.calls ?? []) {
    const { name, args = {} } = call;
    const block: Block = { type: 'tool_use', id: call.id ?? context.id('toolu_'), name, input: args };
    // A call without arguments is streamed as one empty piece, never as `{}`.
    const streamed = call.rawArguments ?? (Object.keys(args).length === 0 ? '' : argumentText(call));
    blocks.push({ block, argumentText: streamed });
  }
  return blocks;
}

const usageOf = (context: ReplyContext, blocks: readonly PlacedBlock[]) => ({
  input_tokens: Math.ceil(JSON.stringify(context.body).length / 4),
  output_tokens: Math.ceil(JSON.stringify(blocks).length / 4),
});

const stopReason = (turn: Turn): string => ((turn.calls ?? []).length > 0 ? 'tool_use' : 'end_turn');

export function anthropicReply(turn: Turn, context: ReplyContext): Record<string, unknown> {
  const blocks = blocksOf(turn, context);
  return {
    id: context.id('msg_'),
    type: 'message',
    role: 'assistant',
    model: context.model,
    content: blocks.map(({ block }) => block),
    stop_reason: stopReason(turn),
    stop_sequence: null,
    usage: usageOf(context, blocks),
  };
}

function startOf(block: Block): Record<string, unknown> {
  if (block.type === 'text') return { type: 'text', text: '' };
  if (block.type === 'thinking') return { type: 'thinking', thinking: '', signature: '' };
  return { type: 'tool_use', id: block.id, name: block.name, input: {} };
}

function deltasOf({ block, argumentText }: PlacedBlock): Record<string, unknown>[] {
  if (block.type === 'text') return pieces(block.text).map((text) => ({ type: 'text_delta', text }));
  if (block.type === 'thinking') {
    return [
      ...pieces(block.thinking).map((thinking) => ({ type: 'thinking_delta', thinking })),
      { type: 'signature_delta', signature: block.signature },
    ];
  }
  return ['', ...pieces(argumentText)].map((partial_json) => ({ type: 'input_json_delta', partial_json }));
}

export function anthropicStream(turn: Turn, context: ReplyContext): StreamMessage[] {
  const blocks = blocksOf(turn, context);
  const usage = usageOf(context, blocks);
  const events: ({ type: string } & Record<string, unknown>)[] = [
    {
      type: 'message_start',
      message: {
        id: context.id('msg_'),
        type: 'message',
        role: 'assistant',
        model: context.model,
        content: [],
        stop_reason: null,
        stop_sequence: null,
        usage: { ...usage, output_tokens: 1 },
      },
    },
    { type: 'ping' },
  ];
  for (const [index, placed] of blocks.entries()) {
    events.push({ type: 'content_block_start', index, content_block: startOf(placed.block) });
    for (const delta of deltasOf(placed)) events.push({ type: 'content_block_delta', index, delta });
    events.push({ type: 'content_block_stop', index });
  }
  events.push(
    {
      type: 'message_delta',
      delta: { stop_reason: stopReason(turn), stop_sequence: null },
      usage: { output_tokens: usage.output_tokens },
    },
    { type: 'message_stop' },
  );
  return events.map((data) => ({ event: data.type, data }));
}
