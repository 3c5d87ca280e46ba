import { z } from 'zod';

/** The parts of a Responses body that the rules look at. */

const anything = z.unknown().optional();
const record = z.record(z.string(), z.unknown());
const outputPart = z.looseObject({ type: z.enum(['input_text', 'input_image', 'input_file']) });
const output = z.union([z.string(), z.array(outputPart)]);

const functionTool = z.looseObject({ type: z.literal('function'), name: z.string(), parameters: record.nullish() });
const customTool = z.looseObject({ type: z.literal('custom'), name: z.string() });

const HOSTED_TOOLS = [
  'web_search',
  'web_search_2025_08_26',
  'web_search_preview',
  'web_search_preview_2025_03_11',
  'file_search',
  'code_interpreter',
  'image_generation',
  'computer',
  'computer_use_preview',
  'local_shell',
  'shell',
  'apply_patch',
  'tool_search',
  'programmatic_tool_calling',
] as const;

const tool = z.discriminatedUnion('type', [
  functionTool,
  customTool,
  z.looseObject({
    type: z.literal('namespace'),
    name: z.string(),
    tools: z.array(z.discriminatedUnion('type', [functionTool, customTool])),
  }),
  z.looseObject({ type: z.literal('mcp'), server_label: z.string() }),
  z.looseObject({ type: z.enum(HOSTED_TOOLS) }),
]);

export type ResponsesTool = z.infer<typeof tool>;

const callId = z.string().min(1);
const item = z.discriminatedUnion('type', [
  z.looseObject({
    type: z.literal('message'),
    role: z.string(),
    content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]),
  }),
  z.looseObject({
    type: z.literal('function_call'),
    id: z.string().optional(),
    call_id: callId,
    name: z.string(),
    arguments: z.string(),
  }),
  z.looseObject({ type: z.literal('function_call_output'), call_id: callId, output }),
  z.looseObject({
    type: z.literal('custom_tool_call'),
    id: z.string().optional(),
    call_id: callId,
    name: z.string(),
    input: z.string(),
  }),
  z.looseObject({ type: z.literal('custom_tool_call_output'), call_id: callId, output }),
  z.looseObject({ type: z.literal('local_shell_call'), call_id: callId, action: record }),
  z.looseObject({ type: z.literal('local_shell_call_output'), id: callId, output: z.string() }),
  z.looseObject({ type: z.literal('shell_call'), call_id: callId, action: record }),
  z.looseObject({ type: z.literal('shell_call_output'), call_id: callId, output: z.array(record) }),
  z.looseObject({ type: z.literal('apply_patch_call'), call_id: callId, operation: record }),
  z.looseObject({
    type: z.literal('apply_patch_call_output'),
    call_id: callId,
    status: z.enum(['completed', 'failed']),
    output: z.string().nullish(),
  }),
  z.looseObject({ type: z.literal('computer_call'), call_id: callId }),
  z.looseObject({
    type: z.literal('computer_call_output'),
    call_id: callId,
    output: z.looseObject({ type: z.literal('computer_screenshot') }),
  }),
  z.looseObject({ type: z.literal('reasoning'), id: z.string().optional(), summary: z.array(record) }),
  z.looseObject({ type: z.literal('additional_tools'), tools: z.array(tool) }),
  z.looseObject({ type: z.literal('tool_search_output'), tools: z.array(tool) }),
  z.looseObject({
    type: z.literal('mcp_list_tools'),
    server_label: z.string(),
    tools: z.array(z.looseObject({ name: z.string() })),
  }),
  z.looseObject({ type: z.literal('mcp_approval_response'), approval_request_id: z.string(), approve: z.boolean() }),
  z.looseObject({
    type: z.enum([
      'mcp_call',
      'mcp_approval_request',
      'tool_search_call',
      'web_search_call',
      'file_search_call',
      'code_interpreter_call',
      'image_generation_call',
      'compaction',
      'compaction_trigger',
      'program',
      'program_output',
    ]),
  }),
  z.looseObject({ type: z.literal('item_reference'), id: z.string() }),
]);

/** Items may leave out `type`: a role makes a message, a bare id a reference. */
const typed = z.preprocess((value) => {
  if (typeof value !== 'object' || value === null) return value;
  const type = 'type' in value ? value.type : undefined;
  if (type !== undefined && type !== null) return value;
  if ('role' in value) return { ...value, type: 'message' };
  return 'id' in value ? { ...value, type: 'item_reference' } : value;
}, item);

const toolChoice = z.union([z.enum(['none', 'auto', 'required']), z.looseObject({ type: z.string() })]);

const OTHER_PARAMETERS = [
  'background',
  'context_management',
  'include',
  'max_output_tokens',
  'max_tool_calls',
  'metadata',
  'moderation',
  // Codex sends it.
  'client_metadata',
  'prompt_cache_key',
  'prompt_cache_options',
  'prompt_cache_retention',
  'reasoning',
  'safety_identifier',
  'service_tier',
  'stream',
  'stream_options',
  'temperature',
  'text',
  'top_logprobs',
  'top_p',
  'truncation',
  'user',
];

export const responsesShape = z.strictObject({
  model: z.string().optional(),
  input: z.union([z.string(), z.array(typed)]).optional(),
  tools: z.array(tool).optional(),
  tool_choice: toolChoice.optional(),
  previous_response_id: z.string().nullish(),
  conversation: z.union([z.string(), z.looseObject({ id: z.string() })]).nullish(),
  store: z.boolean().nullish(),
  instructions: anything,
  parallel_tool_calls: anything,
  prompt: anything,
  ...Object.fromEntries(OTHER_PARAMETERS.map((name) => [name, anything])),
});

export type ResponsesBody = z.infer<typeof responsesShape>;
