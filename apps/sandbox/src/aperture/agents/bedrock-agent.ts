import {
  BedrockRuntimeClient,
  ConverseCommand,
  type ConverseCommandInput,
  ConverseStreamCommand,
  InvokeModelCommand,
  InvokeModelWithResponseStreamCommand,
  type Message,
} from '@aws-sdk/client-bedrock-runtime';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { asObject, asObjects, asText, type JsonObject } from '../json-members.js';
import { assembleAnthropic, assembleConverse } from '../response-assembly.js';
import { type AgentTask, type Conversation } from './agent-loop.js';

const MODEL = 'anthropic.claude-sonnet-4-6-v1:0';

/** Static credentials and the `standard` defaults keep the SDK from asking any metadata service. */
function connect(task: AgentTask): BedrockRuntimeClient {
  const client = new BedrockRuntimeClient({
    endpoint: task.baseUrl,
    region: 'us-east-1',
    credentials: { accessKeyId: 'SIMULATEDKEY', secretAccessKey: 'simulated-secret' },
    authSchemePreference: ['sigv4'],
    defaultsMode: 'standard',
    maxAttempts: 1,
    // The SDK's own choice is HTTP/2, which neither Aperture nor the simulated API speaks in plain text.
    requestHandler: new NodeHttpHandler(),
  });
  client.middlewareStack.add(
    (next) => (args) => {
      const { headers } = args.request as { headers: Record<string, string> };
      Object.assign(headers, task.headers);
      return next(args);
    },
    { step: 'build', name: 'agentHeaders' },
  );
  return client;
}

/** The AWS SDK's side of an agent loop over Converse. */
export function converseConversation(task: AgentTask): Conversation {
  const client = connect(task);
  const messages: Message[] = [{ role: 'user', content: [{ text: task.prompt }] }];

  async function send(input: ConverseCommandInput): Promise<Message> {
    if (!task.stream) {
      const { output } = await client.send(new ConverseCommand(input));
      if (!output?.message) throw new TypeError('a Converse reply holds a message');
      return output.message;
    }
    const { stream } = await client.send(new ConverseStreamCommand(input));
    const events: JsonObject[] = [];
    for await (const event of stream ?? []) events.push(asObject(event));
    return asObject(assembleConverse(events).output).message as Message;
  }

  return {
    async next() {
      const input = {
        modelId: task.model ?? MODEL,
        messages,
        toolConfig: {
          tools: task.tools.map(({ name, description, parameters }) => ({
            toolSpec: { name, description, inputSchema: { json: parameters } },
          })),
        },
        ...task.extra,
      };
      const message = await send(input as ConverseCommandInput);
      messages.push(message);
      const content = message.content ?? [];
      return {
        text: content.map(({ text }) => text ?? '').join(''),
        calls: content.flatMap(({ toolUse }) =>
          toolUse ? [{ id: toolUse.toolUseId, name: toolUse.name ?? '', args: toolUse.input }] : [],
        ),
      };
    },
    answer(calls, results) {
      messages.push({
        role: 'user',
        content: calls.map(({ id }, at) => ({
          toolResult: { toolUseId: id, content: [{ text: results[at] ?? '' }], status: 'success' as const },
        })),
      });
    },
  };
}

/** The AWS SDK's side of an agent loop over InvokeModel with an Anthropic body. */
export function invokeModelConversation(task: AgentTask): Conversation {
  const client = connect(task);
  const messages: JsonObject[] = [{ role: 'user', content: task.prompt }];

  async function send(body: JsonObject): Promise<JsonObject> {
    const input = { modelId: task.model ?? MODEL, contentType: 'application/json', body: JSON.stringify(body) };
    if (!task.stream) {
      const reply = await client.send(new InvokeModelCommand(input));
      return asObject(JSON.parse(reply.body.transformToString()));
    }
    const { body: stream } = await client.send(new InvokeModelWithResponseStreamCommand(input));
    const events: JsonObject[] = [];
    for await (const { chunk } of stream ?? []) {
      if (chunk?.bytes) events.push(asObject(JSON.parse(Buffer.from(chunk.bytes).toString('utf8'))));
    }
    return assembleAnthropic(events);
  }

  return {
    async next() {
      const message = await send({
        anthropic_version: 'bedrock-2023-05-31',
        max_tokens: 1024,
        messages,
        tools: task.tools.map(({ name, description, parameters }) => ({ name, description, input_schema: parameters })),
        ...task.extra,
      });
      const content = asObjects(message.content);
      messages.push({ role: 'assistant', content });
      return {
        text: content.map(({ text }) => asText(text)).join(''),
        calls: content.flatMap(({ type, id, name, input }) =>
          type === 'tool_use' ? [{ id: asText(id), name: asText(name), args: input }] : [],
        ),
      };
    },
    answer(calls, results) {
      messages.push({
        role: 'user',
        content: calls.map(({ id }, at) => ({ type: 'tool_result', tool_use_id: id, content: results[at] })),
      });
    },
  };
}
