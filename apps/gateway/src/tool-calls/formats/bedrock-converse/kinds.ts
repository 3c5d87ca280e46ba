import {
  allOf,
  type Container,
  type FormatKinds,
  type KnownKind,
  plain,
  type Union,
} from '../../closed-world/index.js';
import { TOOLS as ANTHROPIC_TOOLS } from '../anthropic-messages/kinds.js';

/**
 * The kinds of Bedrock Converse. A node has one member, which names its kind. Source: the types of
 * @aws-sdk/client-bedrock-runtime, `ConverseRequest`, `ContentBlock`, `SystemContentBlock` and `Tool`.
 */

/** Members of `toolConfig.tools`. */
export const TOOLS: Union = {
  by: { key: true },
  kinds: { ...allOf('declared_tool', ['toolSpec', 'systemTool']), cachePoint: 'metadata' },
};

/** Tools of the model's own format that pass through Converse unseen, as Anthropic or as chat completions write them. */
export const NATIVE_TOOLS: Union = {
  by: 'type',
  untyped: { '*': 'custom' },
  kinds: { ...ANTHROPIC_TOOLS.kinds, function: 'declared_tool' },
};

/** Members of the content of a result. */
const RESULT_PARTS: Union = {
  by: { key: true },
  kinds: allOf('harmless', ['json', 'text', 'image', 'document', 'video', 'searchResult']),
};

/** Members of the content of a message. */
export const CONTENT_BLOCKS: Union = {
  by: { key: true },
  kinds: {
    ...allOf('harmless', ['text', 'image', 'document', 'video', 'audio', 'searchResult']),
    ...allOf('harmless', ['guardContent', 'reasoningContent', 'citationsContent']),
    cachePoint: 'metadata',
    toolUse: { kind: 'call', fields: {} },
    toolResult: { kind: 'result', fields: { content: { holds: 'calls', union: RESULT_PARTS } } },
    toolAddition: { kind: 'declared_tool', fields: { tool: { fields: {} } } },
    toolRemoval: { kind: 'metadata', fields: { tool: { fields: {} } } },
  },
};

const SYSTEM: Union = {
  by: { key: true },
  kinds: { ...allOf('harmless', ['text', 'guardContent']), cachePoint: 'metadata' },
};

const MESSAGE: KnownKind = {
  kind: 'metadata',
  fields: { content: { holds: 'calls', union: CONTENT_BLOCKS } },
};

const ROLES: Union = {
  by: 'role',
  plainFields: [],
  unlisted: 'unreadable',
  kinds: allOf(MESSAGE, ['user', 'assistant', 'system']),
};

/** Servers of the model's own format, none of which Converse is known to take. */
const SERVERS: Container = {
  holds: 'tools',
  union: { by: 'object', untyped: { '*': 'mcp_servers' }, kinds: {} },
};

export const KINDS: FormatKinds = {
  fields: {
    messages: { holds: 'calls', union: ROLES },
    system: { holds: 'calls', union: SYSTEM },
    toolConfig: { fields: { tools: { holds: 'tools', union: TOOLS } } },
    additionalModelRequestFields: { fields: { tools: { holds: 'tools', union: NATIVE_TOOLS }, mcp_servers: SERVERS } },
    ...plain(
      'modelId',
      'inferenceConfig',
      'guardrailConfig',
      'promptVariables',
      'additionalModelResponseFieldPaths',
      'requestMetadata',
      'performanceConfig',
      'serviceTier',
      'outputConfig',
    ),
  },
  names: [
    ...['messages', 'system', 'toolConfig', 'tools', 'additionalModelRequestFields', 'role', 'content'],
    ...['toolSpec', 'systemTool', 'cachePoint', 'toolUse', 'toolResult', 'toolAddition', 'toolRemoval', 'tool', 'name'],
    ...['toolUseId', 'input', 'searchResult', 'serverName'],
  ],
};
