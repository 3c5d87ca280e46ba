import { z } from 'zod';

/** The parts of a Chat Completions body that the rules look at. */

const anything = z.unknown().optional();
const part = z.looseObject({ type: z.string(), text: z.string().optional() });
const content = z.union([z.string(), z.array(part)]);

const call = z.discriminatedUnion('type', [
  z.looseObject({
    id: z.string(),
    type: z.literal('function'),
    function: z.looseObject({ name: z.string(), arguments: z.string() }),
  }),
  z.looseObject({
    id: z.string(),
    type: z.literal('custom'),
    custom: z.looseObject({ name: z.string(), input: z.string() }),
  }),
]);

const message = z.discriminatedUnion('role', [
  z.looseObject({ role: z.enum(['system', 'developer', 'user']), content }),
  z.looseObject({
    role: z.literal('assistant'),
    content: content.nullish(),
    tool_calls: z.array(call).nullish(),
    function_call: z.looseObject({ name: z.string(), arguments: z.string() }).nullish(),
    refusal: anything,
    audio: anything,
  }),
  z.looseObject({ role: z.literal('tool'), tool_call_id: z.string(), content }),
  z.looseObject({ role: z.literal('function'), name: z.string(), content: z.string().nullable() }),
]);

export type ChatMessage = z.infer<typeof message>;

const functionTool = z.looseObject({ name: z.string(), parameters: z.record(z.string(), z.unknown()).nullish() });

const tool = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('function'), function: functionTool }),
  z.looseObject({ type: z.literal('custom'), custom: z.looseObject({ name: z.string() }) }),
]);

export type ChatTool = z.infer<typeof tool>;

const named = z.looseObject({ name: z.string() });
const toolChoice = z.union([
  z.enum(['none', 'auto', 'required']),
  z.discriminatedUnion('type', [
    z.looseObject({ type: z.literal('function'), function: named }),
    z.looseObject({ type: z.literal('custom'), custom: named }),
    z.looseObject({
      type: z.literal('allowed_tools'),
      allowed_tools: z.looseObject({
        mode: z.enum(['auto', 'required']),
        tools: z.array(z.looseObject({ type: z.string(), function: named.optional(), custom: named.optional() })),
      }),
    }),
  ]),
]);

const OTHER_PARAMETERS = [
  'audio',
  'frequency_penalty',
  'logit_bias',
  'logprobs',
  'max_completion_tokens',
  'max_tokens',
  'metadata',
  'modalities',
  'moderation',
  'n',
  'prediction',
  'presence_penalty',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning_effort',
  'response_format',
  'safety_identifier',
  'seed',
  'service_tier',
  'stop',
  'store',
  'temperature',
  'top_logprobs',
  'top_p',
  'user',
  'verbosity',
  'web_search_options',
];

export const chatShape = z.strictObject({
  model: z.string(),
  messages: z.array(message),
  tools: z.array(tool).optional(),
  tool_choice: toolChoice.optional(),
  parallel_tool_calls: z.boolean().optional(),
  functions: z.array(functionTool).optional(),
  function_call: z.union([z.enum(['none', 'auto']), named]).optional(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().optional() }).nullish(),
  ...Object.fromEntries(OTHER_PARAMETERS.map((name) => [name, anything])),
});

export type ChatBody = z.infer<typeof chatShape>;
