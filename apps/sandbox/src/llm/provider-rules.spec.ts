import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LlmStandIn, startLlm } from './llm-stand-in.js';

/**
 * Each case starts from a body that the provider accepts and spoils one thing. The valid body is sent first, so that a
 * refusal can only come from the change.
 */

type Json = Record<string, unknown>;
type Case = [name: string, spoil: (body: Json) => Json, message: string];

interface Group {
  url: string;
  headers?: Record<string, string>;
  valid: Json;
  /** Where the message stands in the provider's error envelope. */
  messageAt(envelope: never): unknown;
  cases: Case[];
}

/** Copies `body` with the value at `path` replaced; `undefined` removes the member. */
function put(body: Json, path: string, value: unknown): Json {
  const copy: Json = structuredClone(body);
  const keys = path.split('.');
  const last = keys.pop() ?? '';
  let at = copy;
  for (const key of keys) at = at[key] as Json;
  if (value === undefined) delete at[last];
  else at[last] = value;
  return copy;
}
const set =
  (path: string, value: unknown) =>
  (body: Json): Json =>
    put(body, path, value);

const schema = { type: 'object', properties: {} };
const many = (count: number, make: (at: number) => unknown): unknown[] =>
  Array.from({ length: count }, (_, at) => make(at));

const claudeTool = (name: string, more: Json = {}) => ({ name, input_schema: schema, ...more });
const claudeResult = (id: string, more: Json = {}) => ({
  type: 'tool_result',
  tool_use_id: id,
  content: 'ok',
  ...more,
});
const claudeCall = (id: string, name = 'a') => ({ type: 'tool_use', id, name, input: {} });
const claudeBody = {
  model: 'claude-sonnet-4-6',
  max_tokens: 100,
  tools: [claudeTool('a'), claudeTool('b')],
  messages: [
    { role: 'user', content: 'hi' },
    { role: 'assistant', content: [{ type: 'text', text: 'so' }, claudeCall('t1'), claudeCall('t2', 'b')] },
    { role: 'user', content: [claudeResult('t2'), claudeResult('t1'), { type: 'text', text: 'go on' }] },
  ],
};
const server = { type: 'url', name: 's', url: 'https://mcp.example.com' };

const anthropicCases: Case[] = [
  ['no max_tokens', set('max_tokens', undefined), 'max_tokens: Field required'],
  ['unknown member', set('iris', true), 'iris: Extra inputs are not permitted'],
  ['no messages', set('messages', []), 'messages: at least one message is required'],
  [
    'result missing',
    set('messages.2.content', [claudeResult('t1')]),
    '`tool_use` ids were found without `tool_result` blocks immediately after: t2',
  ],
  [
    'no message after the call',
    (body) => put(body, 'messages', (body.messages as unknown[]).slice(0, 2)),
    '`tool_use` ids were found without `tool_result` blocks immediately after: t1, t2',
  ],
  [
    'orphan result',
    set('messages.2.content', [claudeResult('t1'), claudeResult('t2'), claudeResult('t9')]),
    'messages.2.content.2: unexpected `tool_use_id` found in `tool_result` blocks: t9',
  ],
  [
    'result without call',
    set('messages.1.content', 'nothing'),
    'unexpected `tool_use_id` found in `tool_result` blocks: t2',
  ],
  [
    'text before results',
    set('messages.2.content', [{ type: 'text', text: 'x' }, claudeResult('t1'), claudeResult('t2')]),
    'must begin with a matching number of tool_result blocks',
  ],
  [
    'two results',
    set('messages.2.content', [claudeResult('t1'), claudeResult('t2'), claudeResult('t2')]),
    'each tool_use must have a single result',
  ],
  ['call id twice', set('messages.1.content', [claudeCall('t1'), claudeCall('t1')]), '`tool_use` ids must be unique'],
  [
    'input no object',
    set('messages.1.content.1.input', '{}'),
    'messages.1.content.1.input: Input should be a valid dictionary',
  ],
  ['input missing', set('messages.1.content.1.input', undefined), 'messages.1.content.1.input: Field required'],
  [
    'error without content',
    set('messages.2.content.0', claudeResult('t2', { is_error: true, content: '' })),
    'content cannot be empty if `is_error` is true',
  ],
  [
    'error with image',
    set('messages.2.content.0', claudeResult('t2', { is_error: true, content: [{ type: 'image', source: {} }] })),
    "all content must be type 'text' if 'is_error' is true",
  ],
  [
    'error with tool_reference',
    set(
      'messages.2.content.0',
      claudeResult('t2', { is_error: true, content: [{ type: 'tool_reference', tool_name: 'a' }] }),
    ),
    "all content must be type 'text' if 'is_error' is true",
  ],
  [
    'cache marker inside a result',
    set(
      'messages.2.content.0',
      claudeResult('t2', { content: [{ type: 'text', text: 'x', cache_control: { type: 'ephemeral' } }] }),
    ),
    'cache_control: Extra inputs are not permitted',
  ],
  [
    'reference to an absent tool',
    set('messages.2.content.0', claudeResult('t2', { content: [{ type: 'tool_reference', tool_name: 'gone' }] })),
    "Tool reference 'gone' not found in available tools",
  ],
  ['empty text', set('messages.1.content.0.text', ''), 'messages.1.content.0: text content blocks must be non-empty'],
  ['blank text', set('messages.1.content.0.text', ' \n'), 'text content blocks must contain non-whitespace text'],
  ['empty message', set('messages.0.content', []), 'messages.0: all messages must have non-empty content'],
  ['name twice', set('tools', [claudeTool('a'), claudeTool('a')]), 'tools: Tool names must be unique.'],
  [
    'name with a dot',
    set('tools.0.name', 'a.b'),
    "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'",
  ],
  ['no schema', set('tools.0.input_schema', undefined), 'tools.0.custom.input_schema: Field required'],
  [
    'five cache markers',
    set(
      'tools',
      many(5, (at) => claudeTool(`t${at}`, { cache_control: { type: 'ephemeral' } })),
    ),
    'A maximum of 4 blocks with cache_control may be provided. Found 5.',
  ],
  [
    'marker on a deferred tool',
    set('tools.1', claudeTool('b', { defer_loading: true, cache_control: { type: 'ephemeral' } })),
    'cannot have both defer_loading=true and cache_control set',
  ],
  [
    'all deferred',
    set('tools', [claudeTool('a', { defer_loading: true })]),
    'At least one tool must have defer_loading=false',
  ],
  [
    'choice of an absent tool',
    set('tool_choice', { type: 'tool', name: 'gone' }),
    "Tool 'gone' not found in provided tools",
  ],
  [
    'choice without tools',
    (body) =>
      put(put(put(body, 'tools', undefined), 'messages', [{ role: 'user', content: 'hi' }]), 'tool_choice', {
        type: 'auto',
      }),
    'tool_choice may only be specified while providing tools',
  ],
  [
    'history without tools',
    set('tools', undefined),
    'Requests which include `tool_use` or `tool_result` blocks must define tools',
  ],
  [
    'server without toolset',
    set('mcp_servers', [server]),
    "MCP server 's' is defined but not referenced by any `mcp_toolset` in `tools`",
  ],
  [
    'toolset without server',
    set('tools.1', { type: 'mcp_toolset', mcp_server_name: 's' }),
    "references MCP server 's', which is not defined",
  ],
  [
    'server result without its call',
    set('messages.1.content.0', { type: 'advisor_tool_result', tool_use_id: 'srvtoolu_1', content: {} }),
    'Each `advisor_tool_result` block must have a corresponding `server_tool_use` block before it.',
  ],
  [
    'made-up thinking signature',
    set('messages.1.content.0', { type: 'thinking', thinking: 'hm', signature: 'forged' }),
    'Invalid `signature` in `thinking` block',
  ],
  [
    'thinking dropped',
    set('thinking', { type: 'enabled', budget_tokens: 1024 }),
    'Expected `thinking` or `redacted_thinking`, but found `text`',
  ],
  ['unknown block', set('messages.1.content.0', { type: 'nonsense' }), 'messages.1.content.0.type: '],
  [
    'removal of an absent tool',
    (body) =>
      put(body, 'messages', [
        { role: 'user', content: 'hi' },
        { role: 'system', content: [{ type: 'tool_removal', tool: { type: 'tool_reference', name: 'gone' } }] },
      ]),
    "tool 'gone' is not defined at this point",
  ],
];

const chatTool = (name: string) => ({ type: 'function', function: { name, parameters: schema } });
const chatBody = {
  model: 'gpt-5.1',
  tools: [chatTool('a'), chatTool('b')],
  messages: [
    { role: 'user', content: 'hi' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [
        { id: 'c1', type: 'function', function: { name: 'a', arguments: '' } },
        { id: 'c2', type: 'function', function: { name: 'b', arguments: '{"a":' } },
      ],
    },
    { role: 'tool', tool_call_id: 'c2', content: 'two' },
    { role: 'tool', tool_call_id: 'c1', content: [{ type: 'text', text: 'one' }] },
  ],
};

const chatCases: Case[] = [
  [
    'result missing',
    (body) => put(body, 'messages', (body.messages as unknown[]).slice(0, 3)),
    'did not have response messages: c1',
  ],
  [
    'user between call and result',
    set('messages.2', { role: 'user', content: 'x' }),
    "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'",
  ],
  [
    'orphan result',
    set('messages.3.tool_call_id', 'c9'),
    "messages with role 'tool' must be a response to a preceeding message with 'tool_calls'",
  ],
  [
    'empty tool_calls',
    set('messages.1', { role: 'assistant', content: 'x', tool_calls: [] }),
    "Invalid 'messages[1].tool_calls': empty array",
  ],
  ['empty assistant content', set('messages.1.content', []), "Invalid 'messages[1].content': empty array"],
  [
    'arguments as an object',
    set('messages.1.tool_calls.0.function.arguments', {}),
    "Invalid type for 'messages[1].tool_calls[0].function.arguments': expected a string, but got an object instead.",
  ],
  [
    'image as a result',
    set('messages.2.content', [{ type: 'image_url', image_url: {} }]),
    "image_url is not supported in messages with role 'tool'",
  ],
  ['empty tools', set('tools', []), "Invalid 'tools': empty array"],
  [
    '129 tools',
    set(
      'tools',
      many(129, (at) => chatTool(`t${at}`)),
    ),
    'Expected an array with maximum length 128, but got an array with length 129',
  ],
  [
    'name with a dot',
    set('tools.0.function.name', 'a.b'),
    "Invalid 'tools[0].function.name': string does not match pattern",
  ],
  ['long name', set('tools.0.function.name', 'a'.repeat(65)), 'Expected a string with maximum length 64'],
  [
    'flat custom tool',
    set('tools.0', { type: 'custom', name: 'x', format: { type: 'text' } }),
    "Missing required parameter: 'tools[0].custom'.",
  ],
  [
    'choice without tools',
    (body) => put(put(body, 'tools', undefined), 'tool_choice', 'auto'),
    "'tool_choice' is only allowed when 'tools' are specified.",
  ],
  [
    'parallel without tools',
    (body) => put(put(body, 'tools', undefined), 'parallel_tool_calls', true),
    "'parallel_tool_calls' is only allowed when 'tools' are specified.",
  ],
  [
    'choice of an absent tool',
    set('tool_choice', { type: 'function', function: { name: 'gone' } }),
    "'gone' not found",
  ],
  [
    'allowed list with an absent tool',
    set('tool_choice', { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [chatTool('gone')] } }),
    "'gone' not found",
  ],
  [
    'empty allowed list',
    set('tool_choice', { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [] } }),
    "Invalid 'tool_choice.allowed_tools.tools': empty array",
  ],
  ['unknown parameter', set('iris', 1), "Unknown parameter: 'iris'."],
  ['no messages', set('messages', undefined), "Missing required parameter: 'messages'."],
];

const responsesBody = {
  model: 'gpt-5.1',
  tools: [
    { type: 'function', name: 'a', parameters: schema },
    { type: 'namespace', name: 'mcp__x', tools: [{ type: 'function', name: 'f', parameters: schema }] },
    { type: 'web_search' },
  ],
  input: [
    { role: 'user', content: 'hi' },
    { type: 'function_call', call_id: 'c1', name: 'a', arguments: '{}' },
    { type: 'custom_tool_call', call_id: 'c2', name: 'x', input: 'free' },
    { type: 'function_call_output', call_id: 'c1', output: 'one' },
    { type: 'custom_tool_call_output', call_id: 'c2', output: [{ type: 'input_text', text: 'two' }] },
  ],
};

const responsesCases: Case[] = [
  [
    'output missing',
    (body) => put(body, 'input', (body.input as unknown[]).slice(0, 4)),
    'No tool output found for custom tool call c2.',
  ],
  [
    'call deleted',
    set('input.1', { role: 'user', content: 'x' }),
    'No tool call found for function call output with call_id c1.',
  ],
  [
    'output of the other kind',
    set('input.4.type', 'function_call_output'),
    'No tool call found for function call output with call_id c2.',
  ],
  [
    'output before call',
    set('input', [responsesBody.input[3], responsesBody.input[1]]),
    'No tool call found for function call output with call_id c1.',
  ],
  [
    'arguments as an object',
    set('input.1.arguments', {}),
    "Invalid type for 'input[1].arguments': expected a string, but got an object instead.",
  ],
  ['output as an object', set('input.3.output', { denied: true }), "'input[3].output'"],
  [
    'screenshot replaced by text',
    set('input', [
      { type: 'computer_call', call_id: 'k', action: {} },
      { type: 'computer_call_output', call_id: 'k', output: 'denied' },
    ]),
    "Invalid type for 'input[1].output': expected an object",
  ],
  [
    'patch without status',
    set('input', [
      { type: 'apply_patch_call', call_id: 'p', operation: {} },
      { type: 'apply_patch_call_output', call_id: 'p', output: 'x' },
    ]),
    "Missing required parameter: 'input[1].status'.",
  ],
  [
    'shell output as text',
    set('input', [
      { type: 'shell_call', call_id: 's', action: {} },
      { type: 'shell_call_output', call_id: 's', output: 'denied' },
    ]),
    "Invalid type for 'input[1].output': expected an array",
  ],
  [
    'reasoning alone',
    set('input', [
      { type: 'reasoning', id: 'rs_1', summary: [] },
      { role: 'user', content: 'x' },
    ]),
    "Item 'rs_1' of type 'reasoning' was provided without its required following item.",
  ],
  [
    'choice of an absent function',
    set('tool_choice', { type: 'function', name: 'gone' }),
    "Tool choice 'gone' not found in 'tools' parameter.",
  ],
  [
    'choice of an absent hosted tool',
    set('tool_choice', { type: 'web_search_preview' }),
    "Tool choice 'web_search_preview' not found in 'tools' parameter.",
  ],
  [
    'allowed list with an absent tool',
    set('tool_choice', { type: 'allowed_tools', mode: 'auto', tools: [{ type: 'function', name: 'gone' }] }),
    "Tool choice 'gone' not found",
  ],
  [
    'empty allowed list',
    set('tool_choice', { type: 'allowed_tools', mode: 'auto', tools: [] }),
    "Invalid 'tool_choice.tools': empty array",
  ],
  ['empty tools', set('tools', []), "Invalid 'tools': empty array"],
  ['empty namespace', set('tools.1.tools', []), "Invalid 'tools[1].tools': empty array"],
  [
    'both kinds of state',
    (body) => put(put(body, 'previous_response_id', 'resp_1'), 'conversation', 'conv_1'),
    'Mutually exclusive parameters',
  ],
  ['unknown previous response', set('previous_response_id', 'resp_1'), "Previous response with id 'resp_1' not found."],
  ['unknown reference', set('input.0', { type: 'item_reference', id: 'msg_1' }), "Item with id 'msg_1' not found."],
  ['empty input', set('input', []), "Invalid 'input': empty array"],
  ['unknown parameter', set('messages', []), "Unknown parameter: 'messages'."],
];

const geminiBody = {
  tools: [{ functionDeclarations: [{ name: 'a', parametersJsonSchema: schema }, { name: 'b' }] }, { googleSearch: {} }],
  contents: [
    { role: 'user', parts: [{ text: 'hi' }] },
    { role: 'model', parts: [{ functionCall: { name: 'a', args: {} } }, { functionCall: { name: 'b' } }] },
    {
      role: 'user',
      parts: [
        { functionResponse: { name: 'a', response: { output: 'x' } } },
        { function_response: { name: 'b', response: {} } },
      ],
    },
  ],
};
const ONE_RESPONSE = { functionResponse: { name: 'a', response: {} } };

const geminiCases: Case[] = [
  [
    'too few responses',
    set('contents.2.parts', [ONE_RESPONSE]),
    'number of function response parts is equal to the number of function call parts',
  ],
  [
    'responses in two contents',
    (body) =>
      put(put(body, 'contents.2.parts', [ONE_RESPONSE]), 'contents.3', {
        role: 'user',
        parts: [{ functionResponse: { name: 'b', response: {} } }],
      }),
    'number of function response parts is equal',
  ],
  ['text beside responses', set('contents.2.parts.2', { text: 'x' }), 'number of function response parts is equal'],
  [
    'response of an uncalled function',
    set('contents.2.parts.1', { functionResponse: { name: 'c', response: {} } }),
    'default_api:c',
  ],
  [
    'response without call',
    set('contents.1.parts', [{ text: 'x' }]),
    'function response turn comes immediately after a function call turn',
  ],
  [
    'call first',
    (body) => put(body, 'contents', (body.contents as unknown[]).slice(1)),
    'function call turn comes immediately after a user turn',
  ],
  [
    'response as text',
    set('contents.2.parts.0.functionResponse.response', 'denied'),
    "Invalid value at 'contents[2].parts[0].function_response.response'",
  ],
  ['empty part', set('contents.2.parts.0', {}), "required oneof field 'data' must have one initialized field"],
  ['no parts', set('contents.0.parts', []), 'contents.parts must not be empty'],
  ['empty tool object', set('tools.1', {}), "required one_of 'tool_type' must have one initialized field"],
  [
    'empty declarations',
    set('tools.1', { functionDeclarations: [] }),
    "required one_of 'tool_type' must have one initialized field",
  ],
  ['name twice', set('tools.0.functionDeclarations.1.name', 'a'), 'Duplicate function declaration found: a'],
  ['bad name', set('tools.0.functionDeclarations.1.name', '1/b'), 'Invalid function name'],
  [
    'two schemas',
    set('tools.0.functionDeclarations.0.parameters', {}),
    'only one of parameters and parameters_json_schema',
  ],
  [
    '513 declarations',
    set(
      'tools.0.functionDeclarations',
      many(513, (at) => ({ name: `f${at}` })),
    ),
    'must not exceed 512',
  ],
  [
    'allowed names in AUTO',
    set('toolConfig', { functionCallingConfig: { mode: 'AUTO', allowedFunctionNames: ['a'] } }),
    'only be set when the mode is ANY or VALIDATED',
  ],
  [
    'allowed name not declared',
    set('tool_config', { function_calling_config: { mode: 'ANY', allowed_function_names: ['gone'] } }),
    'not a subset of the declared functions: gone',
  ],
  ['unknown member', set('iris', 1), 'Unknown name "iris": Cannot find field.'],
  ['no contents', set('contents', []), 'contents is not specified'],
];

const spec = (name: string) => ({ toolSpec: { name, inputSchema: { json: schema } } });
const converseBody = {
  toolConfig: { tools: [spec('a'), spec('b'), { cachePoint: { type: 'default' } }] },
  messages: [
    { role: 'user', content: [{ text: 'hi' }] },
    {
      role: 'assistant',
      content: [
        { toolUse: { toolUseId: 'u1', name: 'a', input: {} } },
        { toolUse: { toolUseId: 'u2', name: 'b', input: {} } },
      ],
    },
    {
      role: 'user',
      content: [
        { toolResult: { toolUseId: 'u1', content: [{ json: { ok: true } }] } },
        { toolResult: { toolUseId: 'u2', content: [{ text: 'no' }], status: 'error' } },
      ],
    },
  ],
};
const converseResult = (id: string) => ({ toolResult: { toolUseId: id, content: [{ text: 'x' }] } });

const converseCases: Case[] = [
  [
    'history without toolConfig',
    set('toolConfig', undefined),
    'The toolConfig field must be defined when using toolUse and toolResult content blocks.',
  ],
  [
    'no tools',
    set('toolConfig.tools', []),
    "Value at 'toolConfig.tools' failed to satisfy constraint: Member must have length greater than or equal to 1",
  ],
  [
    'only a cache point',
    set('toolConfig.tools', [{ cachePoint: { type: 'default' } }]),
    "Value at 'toolConfig.tools' failed to satisfy constraint",
  ],
  ['name twice', set('toolConfig.tools.1', spec('a')), 'The tool a is already defined at toolConfig.tools.0.'],
  [
    'bad name',
    set('toolConfig.tools.1', spec('a.b')),
    "at 'toolConfig.tools.2.member.toolSpec.name' failed to satisfy constraint",
  ],
  [
    'choice of an absent tool',
    set('toolConfig.toolChoice', { tool: { name: 'gone' } }),
    'The tool gone at toolConfig.toolChoice.tool.name is not defined',
  ],
  [
    'result missing',
    set('messages.2.content', [converseResult('u1')]),
    'Expected toolResult blocks at messages.2.content for the following Ids: u2',
  ],
  [
    'too many results',
    set('messages.2.content', ['u1', 'u2', 'u3'].map(converseResult)),
    'The number of toolResult blocks at messages.2.content exceeds the number of toolUse blocks of previous turn.',
  ],
  ['call id twice', set('messages.1.content.1.toolUse.toolUseId', 'u1'), 'contains duplicate Ids: u1'],
  [
    'array as json',
    set('messages.2.content.0.toolResult.content.0.json', [1]),
    'messages.2.content.0.toolResult.content.0.json is invalid. Provide a json object',
  ],
  ['input no object', set('messages.1.content.0.toolUse.input', '{}'), 'messages.1.content.0.toolUse.input is invalid'],
  [
    'unknown status',
    set('messages.2.content.1.toolResult.status', 'denied'),
    "Value at 'messages.2.content.1.toolResult.status' failed to satisfy constraint",
  ],
  [
    'blank text',
    set('messages.0.content.0.text', ' '),
    'The text field in the ContentBlock object at messages.0.content.0 is blank',
  ],
  [
    'roles do not alternate',
    set('messages.1', { role: 'user', content: [{ text: 'x' }] }),
    'must alternate between user and assistant roles',
  ],
  [
    'starts with the assistant',
    (body) => put(body, 'messages', (body.messages as unknown[]).slice(1)),
    'A conversation must start with a user message',
  ],
];

const { model: _model, ...withoutModel } = claudeBody;
const hostedCases: Case[] = [
  ['model in the body', set('model', 'claude-sonnet-4-6'), 'model: Extra inputs are not permitted'],
  ['stream in the body', set('stream', true), 'stream: Extra inputs are not permitted'],
  ['no anthropic_version', set('anthropic_version', undefined), 'anthropic_version: Field required'],
  [
    'result missing',
    set('messages.2.content', [claudeResult('t1')]),
    '`tool_use` ids were found without `tool_result` blocks immediately after: t2',
  ],
];

const nested = (envelope: { error: { message: string } }) => envelope.error.message;
const flat = (envelope: { message: string }) => envelope.message;

const GROUPS: Record<string, Group> = {
  'Anthropic Messages': {
    url: '/v1/messages',
    headers: { 'anthropic-version': '2023-06-01' },
    valid: claudeBody,
    messageAt: nested,
    cases: anthropicCases,
  },
  'OpenAI Chat Completions': { url: '/v1/chat/completions', valid: chatBody, messageAt: nested, cases: chatCases },
  'OpenAI Responses': { url: '/v1/responses', valid: responsesBody, messageAt: nested, cases: responsesCases },
  Gemini: {
    url: '/v1beta/models/gemini-2.5-pro:generateContent',
    valid: geminiBody,
    messageAt: nested,
    cases: geminiCases,
  },
  'Bedrock Converse': {
    url: '/model/anthropic.claude%3A0/converse',
    valid: converseBody,
    messageAt: flat,
    cases: converseCases,
  },
  'Bedrock InvokeModel': {
    url: '/model/anthropic.claude%3A0/invoke',
    valid: { ...withoutModel, anthropic_version: 'bedrock-2023-05-31' },
    messageAt: flat,
    cases: hostedCases,
  },
};

let llm: LlmStandIn;
beforeAll(async () => {
  llm = await startLlm({ afterScript: { text: 'ok' } });
});
afterAll(() => llm.close());

describe.each(Object.entries(GROUPS))('%s', (_name, { url, headers, valid, messageAt, cases }) => {
  const post = (body: unknown) =>
    fetch(`${llm.url}${url}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it('accepts a whole conversation', async () => {
    const response = await post(valid);
    expect([response.status, await response.json()]).toEqual([200, expect.any(Object)]);
  });

  it.each(cases)('refuses: %s', async (_case, spoil, message) => {
    const response = await post(spoil(valid));
    const envelope = (await response.json()) as never;
    expect(messageAt(envelope)).toContain(message);
    expect([400, 404]).toContain(response.status);
  });
});

it('asks Gemini 3 clients for the thought signature of the first call', async () => {
  const response = await fetch(`${llm.url}/v1beta/models/gemini-3-pro:generateContent`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(geminiBody),
  });
  expect(response.status).toBe(400);
  expect(nested((await response.json()) as never)).toContain('Function call is missing a thought_signature');
});
