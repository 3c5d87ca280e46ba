import type { CheckContext } from '../llm-format.js';
import { badRequest } from '../provider-error.js';
import { type AnthropicBlock, type AnthropicBody, SERVER_RESULTS } from './anthropic-shape.js';

interface PlacedBlock {
  /** `messages.2.content.0` */
  at: string;
  block: AnthropicBlock;
}

interface MergedMessage {
  at: string;
  role: 'user' | 'assistant' | 'system';
  blocks: PlacedBlock[];
}

type BlockOf<Type extends AnthropicBlock['type']> = Extract<AnthropicBlock, { type: Type }>;

function ofType<Type extends AnthropicBlock['type']>(placed: readonly PlacedBlock[], type: Type) {
  return placed.flatMap(({ at, block }) => (block.type === type ? [{ at, block: block as BlockOf<Type> }] : []));
}

/** The API joins consecutive messages of one role before it looks at them. */
function mergeMessages(body: AnthropicBody): MergedMessage[] {
  const merged: MergedMessage[] = [];
  for (const [at, message] of body.messages.entries()) {
    const isLast = at === body.messages.length - 1;
    if (message.content.length === 0 && !(isLast && message.role === 'assistant')) {
      throw badRequest(
        `messages.${at}: all messages must have non-empty content except for the optional final assistant message`,
      );
    }
    const content: AnthropicBlock[] =
      typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content;
    const blocks = content.map((block, index) => ({ at: `messages.${at}.content.${index}`, block }));
    const previous = merged.at(-1);
    if (previous?.role === message.role) previous.blocks.push(...blocks);
    else merged.push({ at: `messages.${at}`, role: message.role, blocks });
  }
  return merged;
}

function checkText(messages: readonly MergedMessage[]): void {
  for (const { at, block } of messages.flatMap((message) => ofType(message.blocks, 'text'))) {
    if (block.text === '') throw badRequest(`${at}: text content blocks must be non-empty`);
    if (block.text.trim() === '') throw badRequest(`${at}: text content blocks must contain non-whitespace text`);
  }
}

function checkRoles(messages: readonly MergedMessage[]): void {
  for (const message of messages) {
    for (const { at, block } of message.blocks) {
      if (block.type === 'tool_use' && message.role !== 'assistant') {
        throw badRequest(`${at}: \`tool_use\` blocks can only be in \`assistant\` messages`);
      }
      if (block.type === 'tool_result' && message.role !== 'user') {
        throw badRequest(`${at}: \`tool_result\` blocks can only be in \`user\` messages`);
      }
    }
  }
}

function checkPairs(messages: readonly MergedMessage[]): void {
  const seen = new Set<string>();
  for (const [index, message] of messages.entries()) {
    const calls = ofType(message.blocks, 'tool_use');
    for (const { at, block } of calls) {
      if (seen.has(block.id)) throw badRequest(`${at}: \`tool_use\` ids must be unique`);
      seen.add(block.id);
    }
    checkAnswers(message, calls, messages[index + 1]);
    checkOrphans(message, messages[index - 1]);
  }
}

function checkAnswers(
  message: MergedMessage,
  calls: { block: BlockOf<'tool_use'> }[],
  next: MergedMessage | undefined,
): void {
  if (calls.length === 0) return;
  const answers = next?.role === 'user' ? ofType(next.blocks, 'tool_result') : [];
  const open = calls
    .map(({ block }) => block.id)
    .filter((id) => !answers.some(({ block }) => block.tool_use_id === id));
  if (open.length > 0) {
    throw badRequest(
      `${message.at}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${open.join(', ')}. ` +
        'Each `tool_use` block must have a corresponding `tool_result` block in the next message.',
    );
  }
  const leading = next?.blocks.findIndex(({ block }) => block.type !== 'tool_result') ?? -1;
  if (leading !== -1 && leading < answers.length) {
    throw badRequest('Messages following tool_use blocks must begin with a matching number of tool_result blocks');
  }
  const answered = new Set<string>();
  for (const { at, block } of answers) {
    if (answered.has(block.tool_use_id)) {
      throw badRequest(
        `${at}: each tool_use must have a single result. Found multiple \`tool_result\` blocks with id: ${block.tool_use_id}`,
      );
    }
    answered.add(block.tool_use_id);
  }
}

function checkOrphans(message: MergedMessage, previous: MergedMessage | undefined): void {
  const asked = new Set(previous ? ofType(previous.blocks, 'tool_use').map(({ block }) => block.id) : []);
  for (const { at, block } of ofType(message.blocks, 'tool_result')) {
    if (!asked.has(block.tool_use_id)) {
      throw badRequest(
        `${at}: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${block.tool_use_id}. ` +
          'Each `tool_result` block must have a corresponding `tool_use` block in the previous message.',
      );
    }
  }
}

/** Server-side calls and their results are in one assistant message; a call may still wait for its result. */
function checkServerPairs(messages: readonly MergedMessage[]): void {
  for (const message of messages) {
    const calls = new Map<string, 'server_tool_use' | 'mcp_tool_use'>();
    for (const { at, block } of message.blocks) {
      if (block.type === 'server_tool_use' || block.type === 'mcp_tool_use') calls.set(block.id, block.type);
      for (const type of SERVER_RESULTS) {
        if (block.type !== type) continue;
        const wanted = type === 'mcp_tool_result' ? 'mcp_tool_use' : 'server_tool_use';
        if (calls.get(block.tool_use_id) !== wanted) {
          throw badRequest(
            `${at}: unexpected \`tool_use_id\` found in \`${type}\` blocks: ${block.tool_use_id}. ` +
              `Each \`${type}\` block must have a corresponding \`${wanted}\` block before it.`,
          );
        }
      }
    }
  }
}

const RESULT_CONTENT = ['text', 'image', 'document', 'search_result', 'tool_reference', 'browser_state'];

function checkResults(messages: readonly MergedMessage[], toolNames: ReadonlySet<string>): void {
  for (const { at, block } of messages.flatMap((message) => ofType(message.blocks, 'tool_result'))) {
    const content = block.content ?? '';
    if (block.is_error === true) {
      if (content.length === 0) throw badRequest(`${at}.tool_result: content cannot be empty if \`is_error\` is true`);
      if (Array.isArray(content) && content.some((part) => part.type !== 'text')) {
        throw badRequest(`${at}.tool_result: all content must be type 'text' if 'is_error' is true`);
      }
    }
    for (const [index, part] of (Array.isArray(content) ? content : []).entries()) {
      const where = `${at}.tool_result.content.${index}`;
      if (!RESULT_CONTENT.includes(part.type)) {
        throw badRequest(
          `${where}: Input tag '${part.type}' found using 'type' does not match any of the expected tags`,
        );
      }
      if (part.cache_control) throw badRequest(`${where}.cache_control: Extra inputs are not permitted`);
      if (part.type === 'text' && (typeof part.text !== 'string' || part.text === '')) {
        throw badRequest(`${where}: text content blocks must be non-empty`);
      }
      if (part.type === 'tool_reference' && !toolNames.has(String(part.tool_name))) {
        throw badRequest(`Tool reference '${String(part.tool_name)}' not found in available tools`);
      }
    }
  }
}

/** Mid-conversation declarations: a reference must name a tool that is known at that point. */
function checkToolChanges(messages: readonly MergedMessage[], toolNames: Set<string>): void {
  for (const { at, block } of messages.flatMap((message) => message.blocks)) {
    if (block.type !== 'tool_addition' && block.type !== 'tool_removal') continue;
    const defined = block.tool.definition?.name;
    if (defined !== undefined) {
      if (toolNames.has(defined))
        throw badRequest(`${at}: tool name '${defined}' conflicts`, { code: 'tool_name_conflict' });
      toolNames.add(defined);
      continue;
    }
    if (block.tool.name !== undefined && block.tool.type === 'tool_reference' && !toolNames.has(block.tool.name)) {
      throw badRequest(`${at}: tool '${block.tool.name}' is not defined at this point`, {
        code: 'tool_reference_unresolved',
      });
    }
  }
}

function checkThinking(
  body: AnthropicBody,
  messages: readonly MergedMessage[],
  signatures: CheckContext['signatures'],
): void {
  if (signatures) {
    for (const { at, block } of messages.flatMap((message) => ofType(message.blocks, 'thinking'))) {
      if (!signatures.has(block.signature)) throw badRequest(`${at}: Invalid \`signature\` in \`thinking\` block`);
    }
  }
  const last = messages.findLast((message) => message.role === 'assistant');
  const first = last?.blocks[0];
  const goesOn = last?.blocks.some(({ block }) => block.type === 'tool_use') && messages.at(-1)?.role === 'user';
  if (body.thinking?.type === 'enabled' && goesOn && first && !/thinking$/.test(first.block.type)) {
    throw badRequest(
      `${first.at}.type: Expected \`thinking\` or \`redacted_thinking\`, but found \`${first.block.type}\`. ` +
        'When `thinking` is enabled, a final `assistant` message must start with a thinking block.',
    );
  }
}

function checkToolsDefined(body: AnthropicBody, messages: readonly MergedMessage[]): void {
  const hasHistory = messages.some((message) =>
    message.blocks.some(({ block }) => block.type === 'tool_use' || block.type === 'tool_result'),
  );
  if (hasHistory && (body.tools ?? []).length === 0) {
    throw badRequest('Requests which include `tool_use` or `tool_result` blocks must define tools');
  }
}

/** Rules of the conversation. Throws ProviderError. */
export function checkMessages(body: AnthropicBody, context: CheckContext): void {
  const toolNames = new Set((body.tools ?? []).flatMap((tool) => (tool.name === undefined ? [] : [tool.name])));
  const messages = mergeMessages(body);
  if (messages[0]?.role === 'assistant') throw badRequest('messages: first message must use the "user" role');
  checkText(messages);
  checkRoles(messages);
  checkPairs(messages.filter((message) => message.role !== 'system'));
  checkServerPairs(messages);
  checkToolChanges(messages, toolNames);
  checkResults(messages, toolNames);
  checkThinking(body, messages, context.signatures);
  checkToolsDefined(body, messages);
}
