import {
  allOf,
  type Container,
  type FormatKinds,
  type KnownKind,
  plain,
  type Union,
} from '../../closed-world/index.js';

/**
 * The kinds of Gemini Interactions. Source: the types of @google/genai, `Interactions.Step`, `Interactions.Content`,
 * `Interactions.Tool` and the parameters of `interactions.create`.
 */

/** Content that is what a tool may have returned beside its result. */
export const ATTACHMENTS = ['image', 'audio', 'document', 'video'];

const CONTENT_KINDS = allOf('harmless', ['text', ...ATTACHMENTS]);

/** What the provider runs, by the type of its step. */
export const SERVER_CALLS = [
  'code_execution_call',
  'file_search_call',
  'google_maps_call',
  'google_search_call',
  'mcp_server_tool_call',
  'processing_call',
  'retrieval_call',
  'url_context_call',
];

const STEP_KINDS = {
  thought: 'metadata' as const,
  ...allOf('call', ['function_call', ...SERVER_CALLS]),
  ...allOf('result', ['function_result', ...SERVER_CALLS.map((type) => type.replace(/_call$/, '_result'))]),
};

/** Content and steps side by side, as earlier versions of the API have them in a turn. */
const MIXED: Container = {
  holds: 'calls',
  orText: true,
  orObject: true,
  union: { by: 'type', kinds: { ...CONTENT_KINDS, ...STEP_KINDS } },
};
const TURN: KnownKind = { kind: 'metadata', fields: { content: MIXED } };

/** Members of `input`: content, steps, or the turns of earlier versions of the API. */
export const STEPS: Union = {
  by: 'type',
  untyped: { role: 'turn' },
  kinds: {
    ...CONTENT_KINDS,
    ...STEP_KINDS,
    ...allOf(TURN, ['user_input', 'model_output']),
    turn: {
      kind: 'metadata',
      second: { by: 'role', unlisted: 'unreadable', kinds: allOf(TURN, ['user', 'model']) },
    },
  },
};

export const TOOLS: Union = {
  by: 'type',
  untyped: { name: 'function' },
  kinds: {
    mcp_server: {
      kind: 'declared_tool',
      fields: {
        allowed_tools: {
          holds: 'tools',
          orObject: true,
          union: { by: 'object', untyped: { '*': 'list' }, kinds: { list: 'declared_tool' } },
        },
      },
    },
    ...allOf('declared_tool', [
      'function',
      'code_execution',
      'computer_use',
      'file_search',
      'google_maps',
      'google_search',
      'retrieval',
      'url_context',
    ]),
  },
};

export const KINDS: FormatKinds = {
  bothSpellings: true,
  fields: {
    input: { holds: 'calls', orText: true, orObject: true, union: STEPS },
    tools: { holds: 'tools', orObject: true, union: TOOLS },
    generation_config: { fields: {} },
    ...plain('model', 'agent', 'agent_config', 'environment', 'background', 'cached_content', 'continuation_token'),
    ...plain('labels', 'previous_interaction_id', 'response_format', 'response_mime_type', 'response_modalities'),
    ...plain('safety_settings', 'service_tier', 'store', 'stream', 'system_instruction', 'webhook_config'),
  },
  names: [
    ...['input', 'tools', 'type', 'role', 'content', 'id', 'call_id', 'name', 'arguments', 'result', 'server_name'],
    ...['generation_config', 'tool_choice', 'allowed_tools', 'previous_interaction_id', 'agent', 'environment'],
    ...['system_instruction', 'agent_config', 'is_error', 'mode'],
  ],
};
