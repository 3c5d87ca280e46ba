import Anthropic from '@anthropic-ai/sdk';
import { type AgentTask, type Conversation } from './agent-loop.js';

/** The Anthropic SDK's side of an agent loop. */
export function anthropicConversation(task: AgentTask): Conversation {
  const client = new Anthropic({
    baseURL: task.baseUrl,
    apiKey: 'simulated-key',
    authToken: null,
    maxRetries: 0,
    defaultHeaders: task.headers,
  });
  const messages: Anthropic.MessageParam[] = [{ role: 'user', content: task.prompt }];
  return {
    async next() {
      const body: Anthropic.MessageCreateParamsNonStreaming = {
        model: task.model ?? 'claude-sonnet-4-6',
        max_tokens: 1024,
        messages,
        tools: task.tools.map(({ name, description, parameters }) => ({
          name,
          description,
          input_schema: { ...parameters, type: 'object' },
        })),
        ...task.extra,
      };
      const message = task.stream
        ? await client.messages.stream(body).finalMessage()
        : await client.messages.create(body);
      messages.push({ role: 'assistant', content: message.content });
      return {
        text: message.content.flatMap((block) => (block.type === 'text' ? [block.text] : [])).join(''),
        calls: message.content.flatMap((block) =>
          block.type === 'tool_use' ? [{ id: block.id, name: block.name, args: block.input }] : [],
        ),
      };
    },
    answer(calls, results) {
      messages.push({
        role: 'user',
        content: calls.map(({ id = '' }, at) => ({ type: 'tool_result', tool_use_id: id, content: results[at] ?? '' })),
      });
    },
  };
}
