import {
  allOf,
  type Container,
  type FormatKinds,
  type KnownKind,
  plain,
  type Union,
} from '../../closed-world/index.js';

/**
 * The kinds of the Responses API. Source: the types of the openai SDK, `ResponseInputItem`, `ResponseOutputItem`,
 * `Tool` and the content of messages.
 */

/** Content parts that are what a tool may have returned beside its text. */
export const ATTACHMENTS = ['input_image', 'input_file', 'input_audio'];

/** Parts of the content of a message. */
export const CONTENT_PARTS: Union = {
  by: 'type',
  kinds: allOf('harmless', [
    'input_text',
    'output_text',
    'text',
    'refusal',
    'reasoning_text',
    'summary_text',
    'output_audio',
    ...ATTACHMENTS,
  ]),
};

/** Tools inside a namespace. */
const MEMBERS: Container = {
  holds: 'tools',
  union: { by: 'type', untyped: { name: 'function' }, kinds: allOf('declared_tool', ['function', 'custom']) },
};

/** Members of `tools`, of `additional_tools` and of what a search found. */
export const TOOLS: Union = {
  by: 'type',
  untyped: { function: 'function', name: 'function' },
  kinds: {
    namespace: { kind: 'declared_tool', fields: { tools: MEMBERS } },
    ...allOf('declared_tool', [
      'function',
      'custom',
      'tool_search',
      'mcp',
      'web_search',
      'web_search_2025_08_26',
      'web_search_preview',
      'web_search_preview_2025_03_11',
      'file_search',
      'code_interpreter',
      'image_generation',
      'computer',
      'computer_use',
      'computer_use_preview',
      'local_shell',
      'shell',
      'apply_patch',
      'programmatic_tool_calling',
    ]),
  },
};

const TOOL_LIST: Container = { holds: 'tools', union: TOOLS };
const LISTED_TOOLS: Container = {
  holds: 'tools',
  union: { by: 'type', untyped: { '*': 'tool' }, kinds: { tool: 'declared_tool' } },
};
const PARTS: Container = { holds: 'calls', union: CONTENT_PARTS, orText: true };
const MESSAGE: KnownKind = { kind: 'metadata', fields: { content: PARTS } };

const ROLES: Union = {
  by: 'role',
  unlisted: 'unreadable',
  kinds: allOf(MESSAGE, ['user', 'assistant', 'system', 'developer']),
};

/** Items of a request and of a response. */
export const ITEMS: Union = {
  by: 'type',
  untyped: { role: 'message', id: 'item_reference' },
  kinds: {
    message: { kind: 'metadata', second: ROLES },
    item_reference: { kind: 'metadata', only: ['type', 'id'] },
    reasoning: { kind: 'metadata', fields: { content: PARTS, summary: PARTS } },
    ...allOf('metadata', ['compaction', 'compaction_trigger', 'configuration_update']),
    ...allOf('call', [
      'function_call',
      'custom_tool_call',
      'local_shell_call',
      'shell_call',
      'apply_patch_call',
      'computer_call',
      'tool_search_call',
      'program',
      'mcp_approval_request',
      'mcp_call',
      'web_search_call',
      'file_search_call',
      'code_interpreter_call',
      'image_generation_call',
    ]),
    ...allOf({ kind: 'result', fields: { output: PARTS } } as const, [
      'function_call_output',
      'custom_tool_call_output',
    ]),
    ...allOf('result', [
      'local_shell_call_output',
      'shell_call_output',
      'apply_patch_call_output',
      'computer_call_output',
      'program_output',
      'mcp_approval_response',
    ]),
    tool_search_output: { kind: 'result', fields: { tools: TOOL_LIST } },
    additional_tools: { kind: 'declared_tool', fields: { tools: TOOL_LIST } },
    mcp_list_tools: { kind: 'declared_tool', fields: { tools: LISTED_TOOLS } },
  },
};

export const KINDS: FormatKinds = {
  fields: {
    input: { holds: 'calls', union: ITEMS, orText: true },
    tools: TOOL_LIST,
    ...plain('model', 'instructions', 'previous_response_id', 'conversation', 'prompt', 'tool_choice', 'include'),
    ...plain('access_programs', 'background', 'background_options', 'context_management', 'image'),
    ...plain('max_output_tokens', 'max_tool_calls', 'metadata', 'moderation', 'parallel_tool_calls'),
    ...plain('prompt_cache_key', 'prompt_cache_options', 'prompt_cache_retention', 'reasoning', 'safety_identifier'),
    ...plain('service_tier', 'store', 'stream', 'stream_options', 'temperature', 'text', 'top_logprobs', 'top_p'),
    ...plain('truncation', 'user', 'client_metadata'),
  },
  names: [
    ...['input', 'tools', 'tool_choice', 'type', 'role', 'content', 'id', 'call_id', 'name', 'namespace', 'arguments'],
    ...['output', 'action', 'actions', 'operation', 'approve', 'approval_request_id', 'server_label', 'allowed_tools'],
    ...['tool_names', 'defer_loading', 'allowed_callers', 'execution', 'previous_response_id', 'conversation'],
  ],
};
