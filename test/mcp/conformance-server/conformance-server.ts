import {
  CLIENT_CAPABILITIES_META_KEY,
  type JSONObject,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
  ResourceNotFoundError,
  Server,
  type ServerContext,
  type ServerEventBus,
} from '@modelcontextprotocol/server';
import { ASKING_TOOLS, nextQuestion } from './asking-tools.js';
import { listedTool, PIXEL, TOOLS } from './tools.js';

const capabilities = {
  tools: { listChanged: true },
  prompts: { listChanged: true },
  resources: { subscribe: true, listChanged: true },
  logging: {},
  completions: {},
};

const PROMPTS = [
  { name: 'test_simple_prompt' },
  {
    name: 'test_prompt_with_arguments',
    arguments: [
      { name: 'arg1', required: true },
      { name: 'arg2', required: true },
    ],
  },
  { name: 'test_prompt_with_embedded_resource', arguments: [{ name: 'resourceUri', required: true }] },
  { name: 'test_prompt_with_image' },
  { name: 'test_input_required_result_prompt' },
];

const CHANGES = { test_trigger_tool_change: 'tools_list_changed', test_trigger_prompt_change: 'prompts_list_changed' };

/** A server with what the conformance suite asks for. */
export function conformanceServer(bus: ServerEventBus): Server {
  const server = new Server({ name: 'conformance', version: '1.0.0' }, { capabilities });
  const names = [
    ...Object.keys(TOOLS),
    ...Object.keys(ASKING_TOOLS),
    ...Object.keys(CHANGES),
    'test_missing_capability',
  ];
  server.setRequestHandler('tools/list', () => ({ tools: names.map(listedTool) }));
  server.setRequestHandler('tools/call', async ({ params }, context) => {
    const { name, arguments: args = {} } = params;
    if (name === 'test_missing_capability') requireSampling(context);
    const asking = ASKING_TOOLS[name];
    if (asking !== undefined) return asked(asking, context) as never;
    const change = CHANGES[name as keyof typeof CHANGES];
    if (change !== undefined) bus.publish({ kind: change } as never);
    const tool = TOOLS[name];
    if (tool === undefined && change === undefined && name !== 'test_missing_capability') {
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown tool: ${name}`);
    }
    return tool?.(context, args as JSONObject) ?? { content: [] };
  });
  server.setRequestHandler('prompts/list', () => ({
    prompts: PROMPTS.map((each) => ({ ...each, description: `Prompt ${each.name}` })),
  }));
  server.setRequestHandler('prompts/get', ({ params }, context) =>
    prompt(params.name, params.arguments ?? {}, context),
  );
  server.setRequestHandler('resources/list', () => ({
    resources: ['static-text', 'static-binary', 'watched-resource'].map((name) => ({ uri: `test://${name}`, name })),
  }));
  server.setRequestHandler('resources/templates/list', () => ({
    resourceTemplates: [{ uriTemplate: 'test://template/{id}/data', name: 'template' }],
  }));
  server.setRequestHandler(
    'resources/read',
    ({ params: { uri } }) => ({ contents: [{ uri, ...contentOf(uri) }] }) as never,
  );
  server.setRequestHandler('resources/subscribe', () => ({}));
  server.setRequestHandler('resources/unsubscribe', () => ({}));
  server.setRequestHandler('completion/complete', () => ({ completion: { values: ['paris', 'park'], total: 2 } }));
  server.setRequestHandler('logging/setLevel', () => ({}));
  return server;
}

function contentOf(uri: string): object {
  if (uri === 'test://static-binary') return { mimeType: 'image/png', blob: PIXEL };
  const id = /^test:\/\/template\/([^/]+)\/data$/.exec(uri)?.[1];
  if (id !== undefined) return { mimeType: 'application/json', text: JSON.stringify({ id, templateTest: true }) };
  if (/^test:\/\/(static-text|watched-resource)$/.test(uri)) return { mimeType: 'text/plain', text: 'static' };
  throw new ResourceNotFoundError(uri);
}

function prompt(name: string, args: Record<string, string>, context: ServerContext): never {
  const user = (content: object) => ({ role: 'user', content });
  const text = (words: string) => user({ type: 'text', text: words });
  const messages: Record<string, () => object[]> = {
    test_simple_prompt: () => [text('This is a simple prompt for testing.')],
    test_prompt_with_arguments: () => [text(`Prompt with arguments: arg1='${args.arg1}', arg2='${args.arg2}'`)],
    test_prompt_with_embedded_resource: () => [
      user({ type: 'resource', resource: { uri: args.resourceUri, mimeType: 'text/plain', text: 'embedded' } }),
      text('Please process the embedded resource above.'),
    ],
    test_prompt_with_image: () => [user({ type: 'image', data: PIXEL, mimeType: 'image/png' }), text('Analyze it.')],
  };
  if (name === 'test_input_required_result_prompt') {
    const question = ASKING_TOOLS.test_input_required_result_elicitation;
    if (question !== undefined && context.mcpReq.inputResponses === undefined) {
      return nextQuestion(question, {}, undefined, clientCapabilities(context)) as never;
    }
    return { messages: [text('answered')] } as never;
  }
  const found = messages[name];
  if (found === undefined) throw new ProtocolError(ProtocolErrorCode.InvalidParams, `Unknown prompt: ${name}`);
  return { messages: found() } as never;
}

function asked(tool: Parameters<typeof nextQuestion>[0], context: ServerContext): object {
  const { inputResponses = {}, requestState } = context.mcpReq;
  const state = requestState<string>();
  const question = nextQuestion(tool, inputResponses as JSONObject, state, clientCapabilities(context));
  if (question === 'tampered')
    throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'the request state is not valid');
  return question ?? { content: [{ type: 'text', text: `state-ok ${JSON.stringify(inputResponses)}` }] };
}

function clientCapabilities({ mcpReq }: ServerContext): JSONObject {
  const envelope = mcpReq.envelope as Readonly<Record<string, unknown>> | undefined;
  return (envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {}) as JSONObject;
}

function requireSampling(context: ServerContext): void {
  if (!Object.hasOwn(clientCapabilities(context), 'sampling')) {
    throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } } as never);
  }
}
