import type { CallToolResult, JSONObject, ServerContext, Tool } from '@modelcontextprotocol/server';

export const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const SOUND = 'UklGRiYAAABXQVZFZm10IBAAAAABAAEAQB8AAAB9AAACABAAZGF0YQIAAAA=';

/** What a tool of a spec answers. */
type Handler = (context: ServerContext, args: JSONObject) => Promise<CallToolResult> | CallToolResult;

const said = (text: string): CallToolResult => ({ content: [{ type: 'text', text }] });
const image = { type: 'image' as const, data: PIXEL, mimeType: 'image/png' };

const ELICITATION_DEFAULTS = {
  name: { type: 'string', default: 'John Doe' },
  age: { type: 'integer', default: 30 },
  score: { type: 'number', default: 95.5 },
  status: { type: 'string', enum: ['active', 'inactive', 'pending'], default: 'active' },
  verified: { type: 'boolean', default: true },
} as const;

const titled = (...values: string[]) => values.map((each) => ({ const: each, title: `Title of ${each}` }));
const ELICITATION_ENUMS = {
  untitledSingle: { type: 'string', enum: ['option1', 'option2', 'option3'] },
  titledSingle: { type: 'string', oneOf: titled('value1', 'value2', 'value3') },
  legacyEnum: { type: 'string', enum: ['opt1', 'opt2'], enumNames: ['Option One', 'Option Two'] },
  untitledMulti: { type: 'array', items: { type: 'string', enum: ['option1', 'option2', 'option3'] } },
  titledMulti: { type: 'array', items: { anyOf: titled('value1', 'value2', 'value3') } },
};

async function elicited(context: ServerContext, message: string, properties: object): Promise<CallToolResult> {
  const requestedSchema = { type: 'object', properties } as never;
  const { action, content } = await context.mcpReq.elicitInput({ mode: 'form', message, requestedSchema });
  return said(`Elicitation completed: action=${action}, content=${JSON.stringify(content)}`);
}

async function withProgress({ mcpReq }: ServerContext): Promise<CallToolResult> {
  const progressToken = mcpReq._meta?.progressToken;
  for (const progress of [0, 50, 100]) {
    if (progressToken === undefined) break;
    await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: 100 } });
  }
  return said(String(progressToken));
}

async function withLogging({ mcpReq }: ServerContext): Promise<CallToolResult> {
  for (const step of ['started', 'processing', 'completed']) await mcpReq.log('info', `Tool execution ${step}`);
  return said('logged');
}

async function sampled({ mcpReq }: ServerContext, { prompt }: JSONObject): Promise<CallToolResult> {
  const messages = [{ role: 'user' as const, content: { type: 'text' as const, text: String(prompt) } }];
  const { content } = await mcpReq.requestSampling({ messages, maxTokens: 100 });
  return said(`LLM response: ${JSON.stringify(content)}`);
}

/** Tools of both specifications, and those of sessions alone. */
export const TOOLS: Readonly<Record<string, Handler>> = {
  test_simple_text: () => said('This is a simple text response for testing.'),
  test_image_content: () => ({ content: [image] }),
  test_audio_content: () => ({ content: [{ type: 'audio', data: SOUND, mimeType: 'audio/wav' }] }),
  test_embedded_resource: () => ({
    content: [
      { type: 'resource', resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'inside' } },
    ],
  }),
  test_multiple_content_types: () => ({
    content: [
      { type: 'text', text: 'Multiple content types test:' },
      image,
      {
        type: 'resource',
        resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{}' },
      },
    ],
  }),
  test_error_handling: () => ({ ...said('This tool intentionally returns an error for testing'), isError: true }),
  test_tool_with_progress: withProgress,
  test_tool_with_logging: withLogging,
  test_logging_tool: withLogging,
  test_sampling: sampled,
  test_elicitation: (context, { message }) => elicited(context, String(message), { username: { type: 'string' } }),
  test_elicitation_sep1034_defaults: (context) => elicited(context, 'Defaults', ELICITATION_DEFAULTS),
  test_elicitation_sep1330_enums: (context) => elicited(context, 'Enums', ELICITATION_ENUMS),
  json_schema_2020_12_tool: () => said('done'),
};

const JSON_SCHEMA_2020_12 = {
  $schema: 'https://json-schema.org/draft/2020-12/schema',
  type: 'object',
  $defs: { address: { $anchor: 'addressDef', type: 'object', properties: { street: { type: 'string' } } } },
  properties: { name: { type: 'string' }, address: { $ref: '#/$defs/address' }, kind: { type: 'string' } },
  allOf: [{ anyOf: [{ required: ['name'] }, { required: ['address'] }] }],
  if: { properties: { kind: { const: 'x' } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { required: ['name'] },
  else: { required: [] },
  additionalProperties: false,
} as const;

export function listedTool(name: string): Tool {
  const inputSchema = name === 'json_schema_2020_12_tool' ? JSON_SCHEMA_2020_12 : { type: 'object' as const };
  return { name, description: `Tool ${name}`, inputSchema: inputSchema as never };
}
