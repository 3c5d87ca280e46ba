import { describeRules, put, type RuleCase, schema, set } from '../testing/rule-cases.js';

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

const converseCases: RuleCase[] = [
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

describeRules('Bedrock Converse', {
  url: '/model/anthropic.claude%3A0/converse',
  valid: converseBody,
  cases: converseCases,
});
