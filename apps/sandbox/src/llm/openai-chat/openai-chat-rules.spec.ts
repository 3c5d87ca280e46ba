import { describeRules, many, put, type RuleCase, schema, set } from '../testing/rule-cases.js';

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

const chatCases: RuleCase[] = [
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

describeRules('OpenAI Chat Completions', { url: '/v1/chat/completions', valid: chatBody, cases: chatCases });
