import { describeRules, many, put, type RuleCase, schema, set } from '../testing/rule-cases.js';

const claudeTool = (name: string, more: Record<string, unknown> = {}) => ({ name, input_schema: schema, ...more });
const claudeResult = (id: string, more: Record<string, unknown> = {}) => ({
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

const anthropicCases: RuleCase[] = [
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

const { model: _model, ...withoutModel } = claudeBody;
const hostedCases: RuleCase[] = [
  ['model in the body', set('model', 'claude-sonnet-4-6'), 'model: Extra inputs are not permitted'],
  ['stream in the body', set('stream', true), 'stream: Extra inputs are not permitted'],
  ['no anthropic_version', set('anthropic_version', undefined), 'anthropic_version: Field required'],
  [
    'result missing',
    set('messages.2.content', [claudeResult('t1')]),
    '`tool_use` ids were found without `tool_result` blocks immediately after: t2',
  ],
];

describeRules('Anthropic Messages', { url: '/v1/messages', valid: claudeBody, cases: anthropicCases });
describeRules('Bedrock InvokeModel', {
  url: '/model/anthropic.claude%3A0/invoke',
  valid: { ...withoutModel, anthropic_version: 'bedrock-2023-05-31' },
  cases: hostedCases,
});
