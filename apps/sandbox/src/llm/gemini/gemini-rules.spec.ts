import { describeRules, many, put, type RuleCase, schema, set } from '../testing/rule-cases.js';

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

const geminiCases: RuleCase[] = [
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

const SIGNED = { functionCall: { name: 'a', args: {} }, thoughtSignature: 'c2ln' };
const gemini3Cases: RuleCase[] = [
  [
    'call without a signature',
    (body) => put(body, 'contents', geminiBody.contents),
    'Function call is missing a thought_signature in functionCall parts. Function call `default_api:a`',
  ],
  [
    'signature that was never issued',
    (body) => put(put(body, 'contents', geminiBody.contents), 'contents.1.parts.0', SIGNED),
    'Corrupted thought signature.',
  ],
];
// Calls before the last text of the user belong to a turn that is over: their signatures are not asked for.
const gemini3Body = {
  ...geminiBody,
  contents: [
    ...geminiBody.contents,
    { role: 'model', parts: [{ text: 'x' }] },
    { role: 'user', parts: [{ text: 'and?' }] },
  ],
};

describeRules('Gemini', {
  url: '/v1beta/models/gemini-2.5-pro:generateContent',
  valid: geminiBody,
  cases: geminiCases,
});
describeRules('Gemini 3', {
  url: '/v1beta/models/gemini-3-pro:generateContent',
  valid: gemini3Body,
  cases: gemini3Cases,
});
