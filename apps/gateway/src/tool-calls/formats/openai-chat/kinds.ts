import {
  allOf,
  type Container,
  type FormatKinds,
  type KnownKind,
  plain,
  type Union,
} from '../../closed-world/index.js';

/**
 * The kinds of Chat Completions. Source: the types of the openai SDK, `ChatCompletionMessageParam`,
 * `ChatCompletionContentPart` and `ChatCompletionTool`; the API references of Azure OpenAI, OpenRouter, xAI, Alibaba
 * Cloud and Groq for what compatible servers add.
 */

/** Content parts that are what a tool may have returned beside its text. */
export const ATTACHMENTS = [
  'image_url',
  'input_audio',
  'file',
  'video_url',
  'audio_url',
  'input_image',
  'input_file',
  'image',
  'document',
  'search_result',
];

/** Parts of the content of a message. Compatible servers take some blocks of other formats. */
export const CONTENT_PARTS: Union = {
  by: 'type',
  kinds: {
    ...allOf('harmless', [
      'text',
      'refusal',
      'input_text',
      'output_text',
      'thinking',
      'redacted_thinking',
      'reasoning',
    ]),
    ...allOf('harmless', ATTACHMENTS),
    ...allOf('call', ['tool_use', 'server_tool_use', 'mcp_tool_use']),
    tool_result: 'result',
  },
};

const FUNCTION = { fields: { function: { fields: {} }, custom: { fields: {} } } };

export const TOOL_CALLS: Union = {
  by: 'type',
  untyped: { function: 'function', custom: 'custom', name: 'function' },
  kinds: { function: { kind: 'call', ...FUNCTION }, custom: { kind: 'call', ...FUNCTION } },
};

/** Nodes of one kind that state no type. */
function each(kind: 'call' | 'declared_tool'): Union {
  return { by: 'type', untyped: { '*': 'function' }, kinds: { function: kind } };
}

/** Calls that the server ran: the type names the tool. */
const EXECUTED_TOOLS: Union = { by: 'object', untyped: { '*': 'tool' }, kinds: { tool: 'call' } };

const CONTENT: Container = { holds: 'calls', union: CONTENT_PARTS, orText: true };
const MESSAGE: KnownKind = {
  kind: 'metadata',
  fields: {
    content: CONTENT,
    tool_calls: { holds: 'calls', union: TOOL_CALLS },
    function_call: { holds: 'calls', one: true, union: each('call') },
    executed_tools: { holds: 'calls', union: EXECUTED_TOOLS },
  },
};
const RESULT: KnownKind = { kind: 'result', fields: { content: CONTENT } };

export const ROLES: Union = {
  by: 'role',
  plainFields: [
    ...['audio', 'annotations', 'reasoning', 'reasoning_details', 'thinking_blocks', 'images', 'cache_control'],
    ...['provider_specific_fields', 'extra_content'],
  ],
  unlisted: 'unreadable',
  kinds: { ...allOf(MESSAGE, ['system', 'developer', 'user', 'assistant']), tool: RESULT, function: RESULT },
};

/** Members of `tools`. Those without a name of their own are run by the server. */
export const TOOLS: Union = {
  by: 'type',
  untyped: { function: 'function', custom: 'custom', name: 'function' },
  kinds: {
    function: { kind: 'declared_tool', ...FUNCTION },
    custom: { kind: 'declared_tool', ...FUNCTION },
    ...allOf('declared_tool', [
      'mcp',
      'web_search',
      'web_search_preview',
      'openrouter:web_search',
      'openrouter:tool_search',
      'browser_search',
      'code_interpreter',
      'code_execution',
      'x_search',
      'file_search',
      'builtin_function',
    ]),
  },
};

/** Lists of capabilities outside of `tools`, whatever their elements are called. */
const CAPABILITIES: Container = {
  holds: 'tools',
  union: { by: 'object', untyped: { '*': 'capability' }, kinds: { capability: 'declared_tool' } },
  textElements: true,
};

export const KINDS: FormatKinds = {
  fields: {
    messages: { holds: 'calls', union: ROLES },
    tools: { holds: 'tools', union: TOOLS },
    functions: { holds: 'tools', union: each('declared_tool') },
    plugins: CAPABILITIES,
    data_sources: CAPABILITIES,
    connectors: CAPABILITIES,
    mcp_servers: CAPABILITIES,
    compound_custom: { fields: { tools: { fields: {} } } },
    web_search_options: { fields: {} },
    search_parameters: { fields: {} },
    ...plain('enable_search', 'search_options', 'disable_search', 'model', 'models', 'tool_choice', 'function_call'),
    ...plain('audio', 'frequency_penalty', 'logit_bias', 'logprobs', 'max_completion_tokens', 'max_tokens'),
    ...plain('metadata', 'modalities', 'moderation', 'n', 'parallel_tool_calls', 'prediction', 'presence_penalty'),
    ...plain('prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention', 'reasoning_effort'),
    ...plain('response_format', 'safety_identifier', 'seed', 'service_tier', 'stop', 'store', 'stream'),
    ...plain('stream_options', 'temperature', 'top_logprobs', 'top_p', 'user', 'verbosity'),
    ...plain('top_k', 'min_p', 'repetition_penalty', 'reasoning', 'thinking', 'provider', 'route', 'transforms'),
    ...plain('usage', 'chat_template_kwargs', 'enable_thinking', 'thinking_budget'),
  },
  names: [
    ...['messages', 'tools', 'functions', 'tool_choice', 'role', 'content', 'tool_calls', 'function_call'],
    ...['tool_call_id', 'tool_use_id', 'executed_tools', 'function', 'custom', 'arguments', 'name', 'type', 'input'],
    ...['web_search_options', 'plugins', 'search_parameters', 'enable_search', 'data_sources', 'compound_custom'],
    ...['connectors', 'mcp_servers', 'enabled_tools', 'defer_loading'],
  ],
};
