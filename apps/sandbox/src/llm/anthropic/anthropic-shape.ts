import { z } from 'zod';

/** The parts of an Anthropic Messages body that the rules look at; other members of a block pass unseen. */

const cacheControl = z.looseObject({ type: z.literal('ephemeral') }).nullish();
const text = z.looseObject({ type: z.literal('text'), text: z.string(), cache_control: cacheControl });
const callId = z.string().regex(/^[a-zA-Z0-9_-]+$/, "String should match pattern '^[a-zA-Z0-9_-]+$'");

const nested = z.looseObject({ type: z.string(), cache_control: cacheControl });

const toolUse = z.looseObject({
  type: z.literal('tool_use'),
  id: callId,
  name: z.string().min(1),
  input: z.record(z.string(), z.unknown()),
  cache_control: cacheControl,
});

const toolResult = z.looseObject({
  type: z.literal('tool_result'),
  tool_use_id: callId,
  content: z.union([z.string(), z.array(nested)]).optional(),
  is_error: z.boolean().optional(),
  cache_control: cacheControl,
});

const serverToolUse = z.looseObject({
  type: z.literal('server_tool_use'),
  id: callId,
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
});

const mcpToolUse = z.looseObject({
  type: z.literal('mcp_tool_use'),
  id: callId,
  name: z.string(),
  server_name: z.string(),
  input: z.record(z.string(), z.unknown()),
});

/** Results that stand inside the assistant message beside the call they answer. */
export const SERVER_RESULTS = [
  'web_search_tool_result',
  'web_fetch_tool_result',
  'code_execution_tool_result',
  'bash_code_execution_tool_result',
  'text_editor_code_execution_tool_result',
  'tool_search_tool_result',
  'advisor_tool_result',
  'mcp_tool_result',
] as const;

const serverResult = z.looseObject({ type: z.enum(SERVER_RESULTS), tool_use_id: callId });

const thinking = z.looseObject({ type: z.literal('thinking'), thinking: z.string(), signature: z.string() });
const redactedThinking = z.looseObject({ type: z.literal('redacted_thinking'), data: z.string() });

const toolChange = z.looseObject({
  type: z.enum(['tool_addition', 'tool_removal']),
  tool: z.looseObject({
    type: z.string(),
    definition: z.looseObject({ name: z.string() }).optional(),
    name: z.string().optional(),
  }),
});

const opaque = z.looseObject({
  type: z.enum([
    'image',
    'document',
    'search_result',
    'container_upload',
    'compaction',
    'mcp_tool_listing',
    'fallback',
  ]),
  cache_control: cacheControl,
});

const block = z.discriminatedUnion('type', [
  text,
  toolUse,
  toolResult,
  serverToolUse,
  mcpToolUse,
  serverResult,
  thinking,
  redactedThinking,
  toolChange,
  opaque,
]);

export type AnthropicBlock = z.infer<typeof block>;

const tool = z.looseObject({
  type: z.string().nullish(),
  name: z.string().optional(),
  input_schema: z.looseObject({ type: z.literal('object') }).optional(),
  mcp_server_name: z.string().optional(),
  defer_loading: z.boolean().nullish(),
  cache_control: cacheControl,
});

export type AnthropicTool = z.infer<typeof tool>;

const toolChoice = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('auto') }),
  z.looseObject({ type: z.literal('any') }),
  z.looseObject({ type: z.literal('none') }),
  z.looseObject({ type: z.literal('tool'), name: z.string() }),
]);

const anything = z.unknown().optional();

const common = {
  max_tokens: z.int().min(1),
  messages: z
    .array(
      z.looseObject({ role: z.enum(['user', 'assistant', 'system']), content: z.union([z.string(), z.array(block)]) }),
    )
    .min(1, 'at least one message is required'),
  system: z.union([z.string(), z.array(text)]).optional(),
  tools: z.array(tool).optional(),
  tool_choice: toolChoice.optional(),
  mcp_servers: z
    .array(z.looseObject({ type: z.literal('url'), name: z.string(), url: z.string(), tool_configuration: anything }))
    .optional(),
  thinking: z.looseObject({ type: z.enum(['enabled', 'disabled', 'adaptive']) }).optional(),
  cache_control: cacheControl,
  billing_policy: anything,
  compaction: anything,
  container: anything,
  context_management: anything,
  diagnostics: anything,
  fallback_credit_token: anything,
  fallbacks: anything,
  inference_geo: anything,
  metadata: anything,
  output_config: anything,
  output_format: anything,
  service_tier: anything,
  speed: anything,
  stop_sequences: z.array(z.string()).optional(),
  temperature: z.number().optional(),
  thread: anything,
  top_k: anything,
  top_p: z.number().optional(),
  user_profile_id: anything,
};

export const directShape = z.strictObject({ ...common, model: z.string().min(1), stream: z.boolean().optional() });

/** The body on Bedrock and Vertex: the path names the model and whether to stream. */
export const hostedShape = z.strictObject({
  ...common,
  anthropic_version: z.string(),
  anthropic_beta: z.array(z.string()).optional(),
});

/** Vertex clients also send `stream`. */
export const vertexShape = hostedShape.extend({ stream: z.boolean().optional() });

export type AnthropicBody = z.infer<typeof directShape> | z.infer<typeof hostedShape>;
