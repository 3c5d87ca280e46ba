import OpenAI from 'openai';
import { jsonOrText } from '../json-members.js';
import { type AgentTask, type Conversation } from './agent-loop.js';

const MODEL = 'gpt-5.1';

function connect(task: AgentTask): OpenAI {
  return new OpenAI({
    baseURL: `${task.baseUrl}/v1`,
    apiKey: 'simulated-key',
    organization: null,
    project: null,
    maxRetries: 0,
    defaultHeaders: task.headers,
  });
}

const argsOf = (text: string): unknown => (text === '' ? {} : jsonOrText(text));

/** The OpenAI SDK's side of an agent loop over Chat Completions. */
export function openAiChatConversation(task: AgentTask): Conversation {
  const client = connect(task);
  const messages: OpenAI.ChatCompletionMessageParam[] = [{ role: 'user', content: task.prompt }];
  return {
    async next() {
      const body: OpenAI.ChatCompletionCreateParamsNonStreaming = {
        model: task.model ?? MODEL,
        messages,
        tools: task.tools.map((tool) => ({ type: 'function', function: { ...tool } })),
        ...task.extra,
      };
      const completion = task.stream
        ? await client.chat.completions.stream({ ...body, stream: true }).finalChatCompletion()
        : await client.chat.completions.create(body);
      const message = completion.choices[0]?.message;
      const calls = message?.tool_calls ?? [];
      messages.push({
        role: 'assistant',
        content: message?.content ?? null,
        ...(calls.length > 0 ? { tool_calls: calls } : {}),
      });
      return {
        text: message?.content ?? '',
        calls: calls.map((call) =>
          call.type === 'function'
            ? { id: call.id, name: call.function.name, args: argsOf(call.function.arguments) }
            : { id: call.id, name: call.custom.name, args: call.custom.input },
        ),
      };
    },
    answer(calls, results) {
      for (const [at, { id = '' }] of calls.entries()) {
        messages.push({ role: 'tool', tool_call_id: id, content: results[at] ?? '' });
      }
    },
  };
}

/** The OpenAI SDK's side of an agent loop over Responses; `stateful` sends only what is new and names the last response. */
export function openAiResponsesConversation(task: AgentTask, stateful: boolean): Conversation {
  const client = connect(task);
  let input: OpenAI.Responses.ResponseInput = [{ role: 'user', content: task.prompt }];
  let previous: string | undefined;
  return {
    async next() {
      const body: OpenAI.Responses.ResponseCreateParamsNonStreaming = {
        model: task.model ?? MODEL,
        input,
        tools: task.tools.map(({ name, description, parameters }) => ({
          type: 'function',
          name,
          description,
          parameters,
          strict: false,
        })),
        ...(stateful && previous !== undefined ? { previous_response_id: previous } : {}),
        ...(stateful ? {} : { store: false }),
        ...task.extra,
      };
      const response = task.stream
        ? await client.responses.stream({ ...body, stream: true }).finalResponse()
        : await client.responses.create(body);
      previous = response.id;
      if (stateful) input = [];
      else input.push(...(response.output as OpenAI.Responses.ResponseInput));
      return {
        text: response.output_text,
        calls: response.output.flatMap((item) =>
          item.type === 'function_call' ? [{ id: item.call_id, name: item.name, args: argsOf(item.arguments) }] : [],
        ),
      };
    },
    answer(calls, results) {
      for (const [at, { id = '' }] of calls.entries()) {
        input.push({ type: 'function_call_output', call_id: id, output: results[at] ?? '' });
      }
    },
  };
}
