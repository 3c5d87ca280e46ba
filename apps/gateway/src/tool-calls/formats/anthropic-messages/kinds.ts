import {
  allOf,
  type Container,
  type Fields,
  type FormatKinds,
  type KnownKind,
  plain,
  type Union,
} from '../../closed-world/index.js';

/**
 * The kinds of Anthropic Messages. Source: the types of @anthropic-ai/sdk, `ContentBlockParam`, `ToolUnion` and their
 * beta unions; the version fields of Bedrock InvokeModel and of Vertex rawPredict.
 */

/** Members of `tools`. One without a type is a custom tool. */
export const TOOLS: Union = {
  by: 'type',
  untyped: { '*': 'custom' },
  kinds: allOf('declared_tool', [
    'custom',
    'bash_20241022',
    'bash_20250124',
    'text_editor_20241022',
    'text_editor_20250124',
    'text_editor_20250429',
    'text_editor_20250728',
    'memory_20250818',
    'computer_20241022',
    'computer_20250124',
    'computer_20251124',
    'computer_toolset_20260801',
    'browser_toolset_20260801',
    'web_search_20250305',
    'web_search_20260209',
    'web_search_20260318',
    'web_fetch_20250910',
    'web_fetch_20260209',
    'web_fetch_20260309',
    'web_fetch_20260318',
    'code_execution_20250522',
    'code_execution_20250825',
    'code_execution_20260120',
    'code_execution_20260521',
    'tool_search_tool_bm25',
    'tool_search_tool_bm25_20251119',
    'tool_search_tool_regex',
    'tool_search_tool_regex_20251119',
    'advisor_20260301',
    'mcp_toolset',
  ]),
};

/** What a change of the offered tools between the messages names. */
const TOOL_CHANGE: Fields = {
  tool: {
    holds: 'tools',
    one: true,
    union: {
      by: 'type',
      kinds: {
        tool_reference: 'declared_tool',
        mcp_tool_reference: 'declared_tool',
        mcp_toolset_reference: 'declared_tool',
        tool_definition: {
          kind: 'declared_tool',
          fields: { definition: { holds: 'tools', one: true, union: TOOLS } },
        },
      },
    },
  },
};

const TOOL_CHANGES: Union = {
  by: 'type',
  kinds: {
    tool_addition: { kind: 'declared_tool', fields: TOOL_CHANGE },
    tool_removal: { kind: 'metadata', fields: TOOL_CHANGE },
  },
};

/** Content inside of documents and search results. */
const QUOTED: Container = {
  holds: 'calls',
  orText: true,
  union: { by: 'type', kinds: allOf('harmless', ['text', 'image']) },
};
const QUOTING: Record<string, KnownKind> = {
  document: { kind: 'harmless', fields: { source: { fields: { content: QUOTED } } } },
  search_result: { kind: 'harmless', fields: { content: QUOTED } },
};

/** Members of the content of a `tool_result`. */
const RESULT_PARTS: Union = {
  by: 'type',
  kinds: {
    ...allOf('harmless', ['text', 'image', 'browser_state']),
    ...QUOTING,
    tool_reference: 'metadata',
  },
};

/** Content blocks, in messages of any role. */
export const CONTENT_BLOCKS: Union = {
  by: 'type',
  kinds: {
    ...allOf('harmless', ['text', 'image', 'thinking', 'redacted_thinking']),
    ...QUOTING,
    ...allOf('harmless', ['container_upload', 'fallback']),
    ...allOf('call', ['tool_use', 'server_tool_use', 'mcp_tool_use']),
    tool_result: { kind: 'result', fields: { content: { holds: 'calls', union: RESULT_PARTS, orText: true } } },
    ...allOf('result', [
      'web_search_tool_result',
      'web_fetch_tool_result',
      'code_execution_tool_result',
      'bash_code_execution_tool_result',
      'text_editor_code_execution_tool_result',
      'tool_search_tool_result',
      'advisor_tool_result',
      'mcp_tool_result',
    ]),
    ...TOOL_CHANGES.kinds,
    compaction: { kind: 'metadata', fields: { tool_changes: { holds: 'tools', union: TOOL_CHANGES } } },
    mcp_tool_listing: {
      kind: 'declared_tool',
      fields: {
        tools: { holds: 'tools', union: { by: 'type', untyped: { '*': 'tool' }, kinds: { tool: 'declared_tool' } } },
      },
    },
  },
};

const MESSAGE: KnownKind = {
  kind: 'metadata',
  fields: { content: { holds: 'calls', union: CONTENT_BLOCKS, orText: true } },
};

export const ROLES: Union = {
  by: 'role',
  plainFields: ['output_config'],
  unlisted: 'unreadable',
  kinds: { user: MESSAGE, assistant: MESSAGE, system: MESSAGE },
};

const SYSTEM: Container = { holds: 'calls', orText: true, union: { by: 'type', kinds: { text: 'harmless' } } };
const MCP_SERVERS: Container = {
  holds: 'tools',
  union: { by: 'type', untyped: { '*': 'url' }, kinds: { url: 'declared_tool' } },
};
export const KINDS: FormatKinds = {
  fields: {
    messages: { holds: 'calls', union: ROLES },
    tools: { holds: 'tools', union: TOOLS },
    mcp_servers: MCP_SERVERS,
    system: SYSTEM,
    ...plain(
      'model',
      'max_tokens',
      'stream',
      'temperature',
      'top_k',
      'top_p',
      'stop_sequences',
      'thinking',
      'metadata',
      'tool_choice',
      'container',
      'context_management',
      'compaction',
      'output_config',
      'output_format',
      'service_tier',
      'speed',
      'cache_control',
      'diagnostics',
      'inference_geo',
      'billing_policy',
      'fallback_credit_token',
      'fallbacks',
      'thread',
      'user_profile_id',
      'workspace_id',
      'betas',
      'anthropic_version',
      'anthropic_beta',
    ),
  },
  names: [
    ...['messages', 'tools', 'mcp_servers', 'system', 'tool_choice', 'role', 'content', 'type', 'id', 'name', 'input'],
    ...['tool_use_id', 'server_name', 'toolset_name', 'mcp_server_name', 'configs', 'default_config', 'tool_name'],
    ...['tool', 'definition', 'tool_changes', 'tool_configuration', 'allowed_callers', 'defer_loading', 'container'],
  ],
};
