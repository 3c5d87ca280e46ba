import { describeRules, put, type RuleCase, schema, set } from '../testing/rule-cases.js';

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

const responsesCases: RuleCase[] = [
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

describeRules('OpenAI Responses', { url: '/v1/responses', valid: responsesBody, cases: responsesCases });
