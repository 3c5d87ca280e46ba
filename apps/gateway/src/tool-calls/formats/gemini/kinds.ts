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
 * The kinds of generateContent. Source: the types of @google/genai, `Content`, `Part`, `Tool` and the request; the
 * JSON mapping of protocol buffers, by which both spellings of a field are one.
 *
 * Google's own samples write single objects where the reference has lists, and the API takes them.
 */

/** Parts that are what a tool may have returned beside its response. */
export const ATTACHMENTS = ['inlineData', 'fileData'];

const RESPONSE_PARTS: Container = {
  holds: 'calls',
  orObject: true,
  union: { by: { key: true }, kinds: allOf('harmless', ATTACHMENTS) },
};

/** Parts of a content: the field that a part has names what it is. */
export const PARTS: Union = {
  by: { key: true },
  kinds: {
    ...allOf('harmless', ['text', ...ATTACHMENTS]),
    ...allOf('metadata', ['thought', 'thoughtSignature', 'videoMetadata', 'mediaResolution', 'partMetadata']),
    ...allOf('metadata', ['mediaProcessing', 'speechMetadata', 'audioTranscription']),
    ...allOf({ kind: 'call', fields: {} }, ['functionCall', 'toolCall', 'executableCode']),
    ...allOf({ kind: 'result', fields: {} }, ['toolResponse', 'codeExecutionResult']),
    functionResponse: { kind: 'result', fields: { parts: RESPONSE_PARTS } },
  },
};

const CONTENT: KnownKind = { kind: 'metadata', fields: { parts: { holds: 'calls', orObject: true, union: PARTS } } };

const ROLES: Union = {
  by: 'role',
  // The role may be missing. A node without parts is no content.
  untyped: { parts: 'user' },
  plainFields: [],
  unlisted: 'unreadable',
  kinds: allOf(CONTENT, ['user', 'model', 'function']),
};

/** An instruction holds text alone, so calls, results and files are of no listed kind there. */
const INSTRUCTION: KnownKind = {
  kind: 'metadata',
  fields: {
    parts: {
      holds: 'calls',
      orObject: true,
      union: { by: { key: true }, kinds: allOf('harmless', ['text', 'thought', 'partMetadata']) },
    },
  },
};

const NAMED: Container = {
  holds: 'tools',
  orObject: true,
  union: { by: 'type', untyped: { '*': 'named' }, kinds: { named: 'declared_tool' } },
};

/** Tools: each field of an entry is one or several. */
export const TOOLS: Union = {
  by: { key: true },
  kinds: {
    functionDeclarations: { kind: 'declared_tool', list: NAMED },
    mcpServers: { kind: 'declared_tool', list: NAMED },
    ...allOf('declared_tool', [
      'retrieval',
      'googleMaps',
      'codeExecution',
      'computerUse',
      'enterpriseWebSearch',
      'exaAiSearch',
      'googleSearch',
      'googleSearchRetrieval',
      'parallelAiSearch',
      'urlContext',
      'fileSearch',
    ]),
  },
};

const REQUEST: Fields = {
  contents: { holds: 'calls', orObject: true, union: ROLES },
  tools: { holds: 'tools', orObject: true, union: TOOLS },
  toolConfig: { fields: { functionCallingConfig: { fields: {} } } },
  systemInstruction: {
    holds: 'calls',
    one: true,
    orText: true,
    union: { by: 'role', untyped: { '*': 'system' }, kinds: allOf(INSTRUCTION, ['system', 'user', 'model']) },
  },
  ...plain('model', 'generationConfig', 'safetySettings', 'cachedContent', 'labels', 'serviceTier', 'store'),
};

export const KINDS: FormatKinds = {
  bothSpellings: true,
  fields: {
    ...REQUEST,
    // Code Assist wraps the request.
    request: { fields: REQUEST },
    ...plain('project', 'userPromptId', 'requestId', 'userAgent', 'requestType', 'enabledCreditTypes'),
  },
  names: [
    ...[
      'contents',
      'tools',
      'toolConfig',
      'systemInstruction',
      'functionCallingConfig',
      'allowedFunctionNames',
      'mode',
    ],
    ...['request', 'role', 'parts', 'id', 'name', 'args', 'response', 'partialArgs', 'toolType', 'cachedContent'],
    ...['generationConfig', 'safetySettings', 'serviceTier', 'userPromptId', 'requestId', 'requestType'],
    ...['enabledCreditTypes', 'userAgent'],
    ...Object.keys(PARTS.kinds),
    ...Object.keys(TOOLS.kinds),
  ],
};
